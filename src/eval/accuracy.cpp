#include "midillama/eval/accuracy.h"

#include "midillama/core/error.h"
#include "midillama/corpus/facts.h"

#include <fmt/format.h>

namespace midillama::eval {
namespace {

// In the form in which stated_fact() gives values, so that data written by others compare equal.
std::string canonical(const std::string& tag, const std::string& value) {
  return corpus::stated_fact(tag, value).value_or(value);
}

}  // namespace

std::map<std::string, std::string> checked_facts(const data::Question& question) {
  std::map<std::string, std::string> facts;
  for (const auto& tag : corpus::tag_names()) {
    const bool asked = question.task == "caption" ? corpus::stated_fact(tag, question.answer).has_value() : tag == question.tag;
    const auto fact = question.facts.find(tag);
    if (asked && fact != question.facts.end() && fact->is_string()) facts[tag] = canonical(tag, fact->get<std::string>());
  }
  return facts;
}

std::vector<TagAccuracy> fact_accuracy(std::span<const data::Question> questions, const StatedValue& stated) {
  std::map<std::string, TagAccuracy> counts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    for (const auto& [tag, truth] : checked_facts(questions[i])) {
      auto& count = counts[tag];
      ++count.total;
      if (stated(i, tag) == truth) ++count.correct;
    }
  }
  std::vector<TagAccuracy> accuracies;
  for (const auto& tag : corpus::tag_names()) {
    if (const auto count = counts.find(tag); count != counts.end()) accuracies.push_back({tag, count->second.correct, count->second.total});
  }
  return accuracies;
}

std::vector<TagAccuracy> fact_accuracy(std::span<const data::Question> questions, std::span<const std::string> answers) {
  if (answers.size() != questions.size()) throw Error(fmt::format("{} answers for {} questions", answers.size(), questions.size()));
  return fact_accuracy(questions, [&](std::size_t i, const std::string& tag) { return corpus::stated_fact(tag, answers[i]); });
}

}  // namespace midillama::eval
