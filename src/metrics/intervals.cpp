#include "midillama/metrics/intervals.h"

#include "midillama/core/error.h"
#include "midillama/core/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace midillama::metrics {
namespace {

constexpr double kNormalQuantile = 1.959963984540054;  // of .975

// Linear between neighbours, as numpy's percentile.
double quantile(const std::vector<double>& sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

}  // namespace

Interval wilson_interval(std::int64_t successes, std::int64_t trials) {
  if (successes < 0 || successes > trials) throw Error(fmt::format("{} successes of {} trials make no proportion", successes, trials));
  if (trials == 0) return {0, 1};
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double z2 = kNormalQuantile * kNormalQuantile;
  const double center = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half_width = kNormalQuantile / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {successes == 0 ? 0 : center - half_width, successes == trials ? 1 : center + half_width};
}

Interval bootstrap_interval(std::span<const double> values, std::uint64_t seed, int resamples) {
  const auto mean = [&](std::span<const std::size_t> drawn) {
    double sum = 0;
    for (const std::size_t i : drawn) sum += values[i];
    return sum / static_cast<double>(drawn.size());
  };
  return bootstrap_interval(values.size(), mean, seed, resamples);
}

Interval bootstrap_interval(std::size_t count, const Statistic& statistic, std::uint64_t seed, int resamples) {
  if (count == 0 || resamples < 1) throw Error("a bootstrap interval needs values and resamples");
  Random random(seed_for(seed, "bootstrap"));
  std::vector<std::size_t> drawn(count);
  std::vector<double> statistics(static_cast<std::size_t>(resamples));
  for (double& value : statistics) {
    for (std::size_t& i : drawn) i = random.below(count);
    value = statistic(drawn);
  }
  std::ranges::sort(statistics);
  return {quantile(statistics, 0.025), quantile(statistics, 0.975)};
}

}  // namespace midillama::metrics
