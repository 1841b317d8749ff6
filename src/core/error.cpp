#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace midillama {

ConfigError::ConfigError(std::vector<std::string> mistakes)
    : UsageError(fmt::format("the configuration has {}:\n  {}",
                             mistakes.size() == 1 ? "a mistake" : fmt::format("{} mistakes", mistakes.size()),
                             fmt::join(mistakes, "\n  "))),
      mistakes_(std::move(mistakes)) {}

}  // namespace midillama
