// The little Unicode knowledge that the prompts need, without tables.
#pragma once

#include <cstddef>
#include <string_view>

namespace midillama::text {

// Whether `c` continues a UTF-8 sequence.
constexpr bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The text without white space at either end; white space as Python's str.strip() has it.
std::string_view strip(std::string_view text);

}  // namespace midillama::text
