#include "systems/most_frequent.h"

#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/systems/checked_facts.h"
#include "systems/kinds.h"

#include <algorithm>
#include <cstddef>

namespace midillama::systems {
namespace {

// How often a truth is asked for, and how often in which words it is answered.
struct Truth {
  std::size_t questions = 0;
  std::map<std::string, std::size_t> answers;
};

class MostFrequent final : public Answerer {
 public:
  explicit MostFrequent(Resources& resources) : resources_(resources) {}
  std::string name() const override { return "most-frequent"; }
  std::string label() const override { return "most frequent answer"; }

  std::string fingerprint() const override {
    const auto& data = resources_.config().data;
    return midillama::fingerprint(fingerprint_file(records::split_file(data.dir, data.train_split)) +
                                  fingerprint_file(records::split_file(data.dir, resources_.split())));
  }

  std::vector<std::string> answer(std::span<const records::Question> questions) override {
    std::map<std::string, std::map<std::string, std::string>> by_task;
    std::vector<std::string> texts;
    for (const auto& question : questions) {
      auto& answers = by_task[question.task];
      if (answers.empty()) answers = most_frequent_answers(resources_.tags(), resources_.training(), question.task);
      const auto answer = answers.find(question.tag);
      texts.push_back(answer == answers.end() ? "" : answer->second);
    }
    return texts;
  }

 private:
  Resources& resources_;
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

std::unique_ptr<Answerer> make_most_frequent(Resources& resources) {
  return std::make_unique<MostFrequent>(resources);
}

}  // namespace midillama::systems
