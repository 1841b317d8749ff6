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

inline Score mean_of(std::vector<double> per_example, std::string signature) {
  double sum = 0;
  for (const double value : per_example) sum += value;
  return {sum / static_cast<double>(per_example.size()), std::move(signature), std::move(per_example)};
}

}  // namespace midillama::metrics
