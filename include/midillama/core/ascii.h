// Letters of ASCII, whatever the locale: every other byte is left as it is.
#pragma once

#include <string>
#include <string_view>

namespace midillama {

constexpr char lower_ascii(char c) {
  return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = lower_ascii(c);
  return lower;
}

}  // namespace midillama
