#include "midillama/eval/accuracy.h"

#include "midillama/core/error.h"
#include "midillama/corpus/facts.h"
#include "midillama/systems/checked_facts.h"

#include <fmt/format.h>

namespace midillama::eval {

std::vector<TagAccuracy> fact_accuracy(std::span<const data::Question> questions, const StatedValue& stated) {
  std::map<std::string, TagAccuracy> counts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    for (const auto& [tag, truth] : systems::checked_facts(questions[i])) {
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
