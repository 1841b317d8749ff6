// UTF-8 read and written the way Python does it: invalid bytes become U+FFFD (one for each maximal part of a sequence, as
// errors="replace"), and white space is what str.isspace() says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace midillama::text {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// Whether `c` continues a UTF-8 sequence.
constexpr bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Of valid UTF-8.
std::size_t count_characters(std::string_view text);

// Takes the next code point from the front of a text that is not empty; kReplacementCharacter for invalid bytes.
char32_t take_code_point(std::string_view& text);

void append_utf8(std::string& text, char32_t code_point);

bool is_valid_utf8(std::string_view text);

// `text` itself where it is valid UTF-8, otherwise a repaired copy that `storage` holds.
std::string_view valid_utf8(std::string_view text, std::string& storage);

bool is_space(char32_t code_point);

// The text without white space at its end, and at both ends.
std::string_view rstrip(std::string_view text);
std::string_view strip(std::string_view text);

}  // namespace midillama::text
