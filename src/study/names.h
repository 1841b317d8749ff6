// Names that stand in exports, in keys and in file names as they are.
#pragma once

#include <algorithm>
#include <string_view>

namespace midillama::study {

// Of letters, digits, '-' and '_'.
inline bool is_plain_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && std::ranges::all_of(name, is_plain);
}

// What stands for a text that is no system's: the one of an attention check, and neither of both.
inline constexpr const char* kCheck = "check";
inline constexpr const char* kUndecided = "undecided";

}  // namespace midillama::study
