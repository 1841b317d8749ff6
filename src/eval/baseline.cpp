#include "midillama/eval/baseline.h"

#include "midillama/eval/accuracy.h"

#include <algorithm>
#include <cstddef>

namespace midillama::eval {
namespace {

// How often a truth is asked for, and how often in which words it is answered.
struct Truth {
  std::size_t questions = 0;
  std::map<std::string, std::size_t> answers;
};

}  // namespace

std::map<std::string, std::string> most_frequent_answers(const records::Tags& tags, std::span<const records::Question> training,
                                                         const std::string& task) {
  std::map<std::string, std::map<records::Facts, Truth>> by_tag;
  for (const auto& question : training) {
    if (question.task != task) continue;
    auto& truth = by_tag[question.tag][checked_facts(tags, question)];
    ++truth.questions;
    ++truth.answers[question.answer];
  }
  std::map<std::string, std::string> answers;
  for (const auto& [tag, truths] : by_tag) {
    const auto& truth = std::ranges::max_element(truths, {}, [](const auto& entry) { return entry.second.questions; })->second;
    answers[tag] = std::ranges::max_element(truth.answers, {}, [](const auto& entry) { return entry.second; })->first;
  }
  return answers;
}

}  // namespace midillama::eval
