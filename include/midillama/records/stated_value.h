// Finding a tag's value in free text, as people and models write it.
#pragma once

#include "midillama/records/tags.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::records {

// The value of `tag` that the text states: the first in the text, the longest of those that begin at the same word. Reads what a model may
// write: any case, plurals, "F# minor", "Bb maj", "common time", "72.5 BPM". Values come back in the form of the facts. std::nullopt where
// none is stated, and for tags of free text.
std::optional<std::string> stated_value(const Tag& tag, std::string_view text);

// All values of `tag` that the text states, in order: the first is stated_value()'s. Words of one that is found state no other.
std::vector<std::string> stated_values(const Tag& tag, std::string_view text);

// Whether two values of the tag are the same: numbers within the tag's tolerance.
bool same_value(const Tag& tag, const std::string& value, const std::string& truth);

}  // namespace midillama::records
