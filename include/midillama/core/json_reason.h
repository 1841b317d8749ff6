// The JSON library's errors for people.
#pragma once

#include <nlohmann/json.hpp>

#include <string_view>

namespace midillama {

// What is wrong, without the library's own name for the error; as long as `error` is there.
inline std::string_view reason_of(const nlohmann::detail::exception& error) {
  std::string_view what = error.what();
  if (const auto name = what.find("] "); what.starts_with('[') && name != std::string_view::npos) what.remove_prefix(name + 2);
  return what;
}

}  // namespace midillama
