// 95 % confidence intervals for what a report states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace midillama::metrics {

struct Interval {
  double low = 0, high = 0;
};

// Wilson's score interval of a proportion (an accuracy). Without trials nothing is known: 0 to 1. Error unless 0 <= successes <= trials.
Interval wilson_interval(std::int64_t successes, std::int64_t trials);

// Percentile bootstrap of the mean of per-example scores, the same for the same seed. Error where there are no values.
Interval bootstrap_interval(std::span<const double> values, std::uint64_t seed, int resamples = 1000);

// The same for any statistic of things that are drawn as wholes (clips with all their judgments): `statistic` gets the indices of a
// resample.
using Statistic = std::function<double(std::span<const std::size_t> drawn)>;
Interval bootstrap_interval(std::size_t count, const Statistic& statistic, std::uint64_t seed, int resamples = 1000);

}  // namespace midillama::metrics
