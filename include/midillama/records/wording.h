// Wordings with facts filled in.
//
// "{key}" stands for the fact's value; "{a dance}" for the value after "a" or "an", or the tag's `otherwise` where it is not known;
// "{dance|tune}" for the value, or the word after the bar; "{the origin}" for the value as it stands in a sentence. A part in brackets is
// left out where a fact in it is not known.
#pragma once

#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::records {

// The sentence with its facts filled in; its first letter is made a capital. Error where a fact outside of brackets is not known.
std::string fill(std::string_view wording, const Facts& facts, const Tags& tags);

// The same; nothing where such a fact is not known.
std::optional<std::string> fill_known(std::string_view wording, const Facts& facts, const Tags& tags);

// The tags that a wording names, each once. Error where braces and brackets are not closed, close nothing or stand within brackets.
std::vector<std::string> named_tags(std::string_view wording);

}  // namespace midillama::records
