#include "midillama/eval/accuracy.h"

#include "midillama/core/error.h"
#include "midillama/records/stated_value.h"
#include "midillama/systems/checked_facts.h"

#include <fmt/format.h>

#include <map>

namespace midillama::eval {

std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions, const StatedValue& stated) {
  std::map<std::string, TagAccuracy> counts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    for (const auto& [tag, truth] : systems::checked_facts(tags, questions[i])) {
      auto& count = counts[tag];
      ++count.total;
      const auto value = stated(i, tag);
      if (value && records::same_value(tags.at(tag), *value, truth)) ++count.correct;
    }
  }
  std::vector<TagAccuracy> accuracies;
  for (const auto& tag : tags.names()) {
    if (const auto count = counts.find(tag); count != counts.end()) accuracies.push_back({tag, count->second.correct, count->second.total});
  }
  return accuracies;
}

std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions,
                                       std::span<const std::string> answers) {
  if (answers.size() != questions.size()) throw Error(fmt::format("{} answers for {} questions", answers.size(), questions.size()));
  return fact_accuracy(tags, questions,
                       [&](std::size_t i, const std::string& tag) { return records::stated_value(tags.at(tag), answers[i]); });
}

}  // namespace midillama::eval
