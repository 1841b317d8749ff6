// How a question asks, and what an answer to it must say.
#pragma once

#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::records {

enum class Form { one_fact, several_facts, yes_no, later_turn };

const std::vector<Form>& all_forms();
Form form_of(const Question& question);
std::string name_of(Form form);   // "one-fact"
std::string label_of(Form form);  // "one fact"

// What a right answer says where `value` is the fact: that value, or "yes" or "no" where Question::yes_if asks for that.
std::string right_answer(const std::string& yes_if, const std::string& value);

// The one of these words that `text` begins with, or where it begins with neither, ends with ("It is a reel, so no.").
std::optional<std::string> said_of_yes_no(std::string_view text);

// What `text` says of `tag` in answer to the question: the value that it states, or for a question of yes or no said_of_yes_no().
std::optional<std::string> said(const Tag& tag, const Question& question, std::string_view text);

}  // namespace midillama::records
