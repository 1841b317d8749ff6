// The alphabet in which byte-level BPE files spell bytes: printable Latin-1 characters are themselves, every other byte for a
// character from U+0100 on (GPT-2's bytes_to_unicode). A space is spelled U+0120, a line break U+010A.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace midillama::text {

std::string to_byte_alphabet(std::string_view bytes);

// Nothing where the text has a character of no byte.
std::optional<std::string> from_byte_alphabet(std::string_view spelled);

}  // namespace midillama::text
