// How many of the facts that an answer should state it states right, tag by tag.
#pragma once

#include "midillama/metrics/intervals.h"
#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

// Tag -> facts stated right out of facts in the truth. Tags in the order of their declaration.
struct TagAccuracy {
  std::string tag;
  std::int64_t correct = 0;
  std::int64_t total = 0;

  double value() const { return total == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(total); }
  metrics::Interval interval() const { return metrics::wilson_interval(correct, total); }
};

// Of the questions that ask in one way.
struct FormAccuracy {
  std::string form;  // a records::Form by its name
  std::vector<TagAccuracy> accuracy;
};

// What answer number `question` says of `tag`: as records::said() has it.
using StatedValue = std::function<std::optional<std::string>(std::size_t question, const std::string& tag)>;
std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions, const StatedValue& stated);

// The same with what the answers' texts state.
std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions,
                                       std::span<const std::string> answers);

// The same for each way of asking that there is.
std::vector<FormAccuracy> accuracy_by_form(const records::Tags& tags, std::span<const records::Question> questions,
                                           const StatedValue& stated);

}  // namespace midillama::eval
