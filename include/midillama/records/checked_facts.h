// The facts that the answer to a question states, and whether it states them right.
#pragma once

#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::records {

// The facts that are checked in a question's answer: those asked about, or for a caption those that the true caption states,
// tag -> value. Tags of free text are never checked: the text metrics measure them.
Facts checked_facts(const Tags& tags, const Question& question);

// Whether an answer that says `value` of the tag, as said() has it, is right where `fact` is the fact.
bool is_right(const Tag& tag, const Question& question, const std::optional<std::string>& value, const std::string& fact);

// The tags of the checked facts that the text states wrongly or not at all, in the order of their declaration.
std::vector<std::string> wrong_facts(const Tags& tags, const Question& question, std::string_view text);

}  // namespace midillama::records
