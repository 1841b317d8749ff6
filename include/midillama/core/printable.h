// Texts of others, such that a terminal shows them and does nothing else.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace midillama {

// UTF-8 with its control characters, but those that are `kept`, as "\x1b".
inline std::string printable(std::string_view text, std::string_view kept = "") {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      shown += fmt::format("\\x{:02x}", next);
      ++i;
    } else if ((byte < 0x20 || byte == 0x7f) && kept.find(text[i]) == std::string_view::npos) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace midillama
