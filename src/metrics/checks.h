// What every metric asks of its examples.
#pragma once

#include "midillama/core/error.h"
#include "midillama/metrics/metrics.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

namespace midillama::metrics {

inline void check(std::span<const ScoredText> examples, const std::string& metric) {
  if (examples.empty()) throw InputError(metric, "", "there are no examples to score");
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples[i].references.empty()) throw InputError(metric, fmt::format("example {}", i), "there is no reference");
  }
}

}  // namespace midillama::metrics
