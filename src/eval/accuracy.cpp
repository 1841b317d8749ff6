#include "midillama/eval/accuracy.h"

#include "midillama/core/error.h"
#include "midillama/records/form.h"
#include "midillama/records/stated_value.h"
#include "midillama/systems/checked_facts.h"

#include <fmt/format.h>

#include <map>

namespace midillama::eval {

namespace {

// Of the questions that are counted.
std::vector<TagAccuracy> accuracy_of(const records::Tags& tags, std::span<const records::Question> questions, const StatedValue& stated,
                                     const std::function<bool(const records::Question&)>& is_counted) {
  std::map<std::string, TagAccuracy> counts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (!is_counted(questions[i])) continue;
    for (const auto& [tag, fact] : systems::checked_facts(tags, questions[i])) {
      auto& count = counts[tag];
      ++count.total;
      const auto value = stated(i, tag);
      const auto right = records::right_answer(questions[i].yes_if, fact);
      if (value && records::same_value(tags.at(tag), *value, right)) ++count.correct;
    }
  }
  std::vector<TagAccuracy> accuracies;
  for (const auto& tag : tags.names()) {
    if (const auto count = counts.find(tag); count != counts.end()) accuracies.push_back({tag, count->second.correct, count->second.total});
  }
  return accuracies;
}

}  // namespace

std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions, const StatedValue& stated) {
  return accuracy_of(tags, questions, stated, [](const records::Question&) { return true; });
}

std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions,
                                       std::span<const std::string> answers) {
  if (answers.size() != questions.size()) throw Error(fmt::format("{} answers for {} questions", answers.size(), questions.size()));
  return fact_accuracy(tags, questions,
                       [&](std::size_t i, const std::string& tag) { return records::said(tags.at(tag), questions[i], answers[i]); });
}

std::vector<FormAccuracy> accuracy_by_form(const records::Tags& tags, std::span<const records::Question> questions,
                                           const StatedValue& stated) {
  std::vector<FormAccuracy> forms;
  for (const auto form : records::all_forms()) {
    auto accuracy = accuracy_of(tags, questions, stated, [&](const auto& question) { return records::form_of(question) == form; });
    if (!accuracy.empty()) forms.push_back({records::name_of(form), std::move(accuracy)});
  }
  return forms;
}

}  // namespace midillama::eval
