#include "midillama/metrics/additive.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <vector>

namespace midillama::metrics {
namespace {

double share(std::span<const double> sums) {
  return sums[1] == 0 ? std::numeric_limits<double>::quiet_NaN() : sums[0] / sums[1];
}

}  // namespace

double Additive::value_of_all() const {
  std::vector<double> sums(width);
  for (std::size_t i = 0; i < counts.size(); ++i) sums[i % width] += counts[i];
  return value(sums);
}

Additive shares(std::span<const double> right, std::span<const double> asked) {
  if (right.size() != asked.size()) throw Error(fmt::format("{} right for {} asked", right.size(), asked.size()));
  Additive metric{.width = 2, .value = share};
  for (std::size_t i = 0; i < right.size(); ++i) metric.add(std::array{right[i], asked[i]});
  return metric;
}

Additive mean_of_each(std::span<const double> values) {
  return shares(values, std::vector<double>(values.size(), 1));
}

}  // namespace midillama::metrics
