// Replaces all of a text within another.
#pragma once

#include <string>
#include <string_view>

namespace midillama {

// Every `from`, which is not empty, from left to right; what was put in is not searched again.
inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

}  // namespace midillama
