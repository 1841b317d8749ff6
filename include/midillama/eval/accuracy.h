// How many of the facts that an answer should state it states right, tag by tag.
#pragma once

#include "midillama/metrics/intervals.h"
#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

// One fact that an answer should state.
struct CheckedFact {
  std::size_t question = 0;  // its number
  std::string tag = {};
  bool is_right = false;
};

// Tag -> facts stated right out of facts in the truth. Tags in the order of their declaration.
struct TagAccuracy {
  std::string tag;
  std::int64_t correct = 0;
  std::int64_t total = 0;
  metrics::Interval interval = {};  // 95 %, Wilson's over the pieces

  double value() const { return total == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(total); }
};

// Of the questions that ask in one way.
struct FormAccuracy {
  std::string form;  // a records::Form by its name
  std::vector<TagAccuracy> accuracy;
};

// What answer number `question` says of `tag`: as records::said() has it.
using StatedValue = std::function<std::optional<std::string>(std::size_t question, const std::string& tag)>;
// Every fact that is checked (records::checked_facts()), by question.
std::vector<CheckedFact> check_facts(const records::Tags& tags, std::span<const records::Question> questions, const StatedValue& stated);
// The same of what the answers' texts state.
std::vector<CheckedFact> check_facts(const records::Tags& tags, std::span<const records::Question> questions,
                                     std::span<const std::string> answers);

std::vector<TagAccuracy> fact_accuracy(const records::Tags& tags, std::span<const records::Question> questions,
                                       std::span<const CheckedFact> facts);
// The same for each way of asking that there is.
std::vector<FormAccuracy> accuracy_by_form(const records::Tags& tags, std::span<const records::Question> questions,
                                           std::span<const CheckedFact> facts);

}  // namespace midillama::eval
