// Texts that others may have written, as JSON; read_json() and for_each_json_line() of core/file.h read through here.
//
// The library parses any depth, but whoever copies, walks or prints a value does so by recursion: what is nested deeper than any file that
// this program writes is refused before.
#pragma once

#include "midillama/core/file.h"

#include <optional>
#include <string>
#include <string_view>

namespace midillama {

// InputError where the text is not JSON (naming the byte), or nested too deep. `file` is what it is named in errors.
Json parse_json(std::string_view text, const std::string& file);
// The same with keys in the order of the text, and none of an object twice: readers would differ on which of its values counts.
OrderedJson parse_ordered_json(std::string_view text, const std::string& file);

// What a text would be as JSON, whether or not it is JSON: what parsing it may cost is known before.
struct JsonExtent {
  std::size_t depth = 0;   // lists and objects in each other
  std::size_t values = 0;  // at most so many in all lists and objects, themselves included
};
JsonExtent json_extent(std::string_view json);

// For lines of which some may be broken: Json::is_discarded() where it would be refused.
Json parse_or_discard(std::string_view text);

// A key that an object of this valid JSON has twice: readers would differ on which of its values counts.
std::optional<std::string> repeated_key(std::string_view json);

// InputError where lists and objects are nested too deep.
void require_shallow(std::string_view json, const std::string& file, const std::string& place);

}  // namespace midillama
