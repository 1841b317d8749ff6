// What numbers options take: CLI11's own validators let "nan" and numbers pass that no count or time can be.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <string>

namespace midillama::cli {

inline constexpr double kMostOfANumber = 1e9;

inline CLI::Validator number_with(const char* wanted, bool (*holds)(double)) {
  const auto check = [wanted, holds](const std::string& text) -> std::string {
    double value = 0;
    if (CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value <= kMostOfANumber && holds(value)) return {};
    return fmt::format("{} is no {} number up to {:.0f}", text, wanted, kMostOfANumber);
  };
  return CLI::Validator(check, "", "");
}

inline CLI::Validator positive_number() {
  return number_with("positive", [](double value) { return value > 0; });
}

inline CLI::Validator non_negative_number() {
  return number_with("non-negative", [](double value) { return value >= 0; });
}

}  // namespace midillama::cli
