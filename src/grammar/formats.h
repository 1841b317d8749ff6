// What a schema's `format` asks of a string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace midillama::grammar {

// A pattern of texts that surely have the format, though not of each such text; empty where the format says nothing of the text
// ("password"). Nothing where it is not known.
std::optional<std::string> pattern_of_format(std::string_view format);

// "date, time, …"
std::string known_formats();

}  // namespace midillama::grammar
