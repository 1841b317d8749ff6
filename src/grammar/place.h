// Where something is written in a schema, for errors: a JSON pointer after #, as "#/properties/name". It is short whatever the schema is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace midillama::grammar {

std::string below(const std::string& place, std::string_view key);
std::string below(const std::string& place, std::size_t index);

// A text of the schema, as an error shows it: the middle of a long one is left out.
std::string shown(std::string_view text);

// Throws the InputError.
[[noreturn]] void fail(const std::string& place, const std::string& what);

}  // namespace midillama::grammar
