// Letters of ASCII, whatever the locale: every other byte is left as it is.
#pragma once

#include <algorithm>
#include <string>

namespace midillama {

constexpr char lower_ascii(char c) {
  return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower_ascii(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return lower_ascii(c); });
  return text;
}

}  // namespace midillama
