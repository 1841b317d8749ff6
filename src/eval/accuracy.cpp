#include "midillama/eval/accuracy.h"

#include "midillama/core/error.h"
#include "midillama/records/checked_facts.h"
#include "midillama/records/form.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace midillama::eval {
namespace {

// Of one tag's facts, by the pieces that they are of.
TagAccuracy accuracy_of(const std::string& tag, const std::map<std::string, metrics::Trials>& pieces) {
  TagAccuracy accuracy{.tag = tag};
  std::vector<metrics::Trials> groups;
  for (const auto& [piece, trials] : pieces) {
    accuracy.correct += trials.successes;
    accuracy.total += trials.trials;
    groups.push_back(trials);
  }
  accuracy.interval = metrics::wilson_interval(groups);
  return accuracy;
}

}  // namespace

std::vector<CheckedFact> check_facts(const records::Tags& tags, std::span<const records::Question> questions, const StatedValue& stated) {
  std::vector<CheckedFact> checked;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    for (const auto& [tag, fact] : records::checked_facts(tags, questions[i])) {
      checked.push_back({i, tag, records::is_right(tags.at(tag), questions[i], stated(i, tag), fact)});
    }
  }
  return checked;
}

std::vector<CheckedFact> check_facts(const records::Tags& tags, std::span<const records::Question> questions,
                                     std::span<const std::string> answers) {
  if (answers.size() != questions.size()) throw Error(fmt::format("{} answers for {} questions", answers.size(), questions.size()));
  return check_facts(tags, questions,
                     [&](std::size_t i, const std::string& tag) { return records::said(tags.at(tag), questions[i], answers[i]); });
}

std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions,
                                       std::span<const CheckedFact> facts) {
  std::map<std::string, std::map<std::string, metrics::Trials>> counts;  // tag -> piece
  for (const auto& fact : facts) {
    auto& piece = counts[fact.tag][questions[fact.question].piece];
    ++piece.trials;
    if (fact.is_right) ++piece.successes;
  }
  std::vector<TagAccuracy> accuracies;
  for (const auto& tag : tags.names()) {
    if (const auto count = counts.find(tag); count != counts.end()) accuracies.push_back(accuracy_of(tag, count->second));
  }
  return accuracies;
}

std::vector<FormAccuracy> accuracy_by_form(const records::Tags& tags, std::span<const records::Question> questions,
                                           std::span<const CheckedFact> facts) {
  std::vector<FormAccuracy> forms;
  for (const auto form : records::all_forms()) {
    std::vector<CheckedFact> of_form;
    std::ranges::copy_if(facts, std::back_inserter(of_form),
                         [&](const CheckedFact& fact) { return records::form_of(questions[fact.question]) == form; });
    auto accuracy = fact_accuracy(tags, questions, of_form);
    if (!accuracy.empty()) forms.push_back({records::name_of(form), std::move(accuracy)});
  }
  return forms;
}

}  // namespace midillama::eval
