#include "midillama/eval/statistics.h"

#include "midillama/core/random.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace midillama::eval {
namespace {

constexpr double kZ = 1.959963984540054;  // the normal distribution's 97.5 % point

}  // namespace

double Proportion::value() const {
  return trials == 0 ? 0 : static_cast<double>(successes) / static_cast<double>(trials);
}

Interval Proportion::wilson() const {
  if (trials == 0) return {0, 1};
  const double n = static_cast<double>(trials);
  const double p = value();
  const double scale = 1 / (1 + kZ * kZ / n);
  const double center = scale * (p + kZ * kZ / (2 * n));
  const double half = scale * kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, center - half), std::min(1.0, center + half)};
}

std::optional<Interval> bootstrap_mean(std::span<const double> values, std::int64_t samples, std::uint64_t seed) {
  if (values.empty() || samples < 1) return std::nullopt;
  Random random(seed);
  std::vector<double> means(static_cast<std::size_t>(samples));
  for (auto& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
    mean = sum / static_cast<double>(values.size());
  }
  std::ranges::sort(means);
  const auto quantile = [&](double q) { return means[static_cast<std::size_t>(std::llround(q * static_cast<double>(samples - 1)))]; };
  return Interval{quantile(0.025), quantile(0.975)};
}

}  // namespace midillama::eval
