// 95 % confidence intervals for what a report states.
#pragma once

#include "midillama/metrics/additive.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace midillama::metrics {

struct Interval {
  double low = 0, high = 0;
};

// Wilson's score interval of a proportion (an accuracy). Without trials nothing is known: 0 to 1. Error unless 0 <= successes <= trials.
Interval wilson_interval(std::int64_t successes, std::int64_t trials);

// The same where trials come in groups (questions about one piece) whose outcomes are alike: groups[g] has so many successes of so many
// trials. Wilson's interval with the number of trials that independent ones would need for the variance between the groups (linearised, as
// cluster-robust regression without a correction for few groups has it), at most as many as there are; with the number of groups where all
// trials end alike.
struct Trials {
  std::int64_t successes = 0;
  std::int64_t trials = 0;
};
Interval wilson_interval(std::span<const Trials> groups);

// Percentile bootstrap of the mean of per-example scores, the same for the same seed. Error where there are no values.
Interval bootstrap_interval(std::span<const double> values, std::uint64_t seed, int resamples = 1000);

// The same for any statistic of things that are drawn as wholes (clips with all their judgments): `statistic` gets the indices of a
// resample.
using Statistic = std::function<double(std::span<const std::size_t> drawn)>;
Interval bootstrap_interval(std::size_t count, const Statistic& statistic, std::uint64_t seed, int resamples = 1000);

// Resamples of groups of examples (pieces with all their questions), drawn as wholes: the same for every metric, so that the metrics of two
// systems on the same examples can be compared resample by resample.
class GroupedBootstrap {
 public:
  // groups[e]: the name of example e's group. Error where there are no examples or no resamples.
  GroupedBootstrap(std::span<const std::string> groups, std::uint64_t seed, int resamples);

  // The metric of each resample; not a number where none of its examples counts. Error where the metric is of another number of examples.
  std::vector<double> resampled(const Additive& metric) const;
  // Calls `use` with each resample: how often each example is in it.
  using OnResample = std::function<void(std::span<const double> times)>;
  void for_each_resample(const OnResample& use) const;
  std::size_t groups() const { return groups_; }
  // Those with an example that counts.
  std::size_t groups_of(const Additive& metric) const;

 private:
  // Of each resample the groups that are drawn.
  void for_each_draw(const std::function<void(std::span<const std::size_t> drawn)>& use) const;

  std::vector<std::size_t> group_of_;  // by example
  std::size_t groups_ = 0;
  std::uint64_t seed_;
  int resamples_;
};

// From the 2.5th to the 97.5th percentile of what resamples gave, without those that are not numbers. Error where none is.
Interval percentile_interval(std::vector<double> resampled);

// Two-sided: how likely a difference at least as large is where there is none, by the normal distribution with the standard deviation of
// the resampled differences. (The share of resamples on the other side of 0 says nothing below 2 / resamples, which a correction for many
// comparisons makes large.) At least the smallest p-value of a sign test over so many groups, 2^(1 - groups): few groups that agree, so
// that nothing differs between resamples, show little.
double bootstrap_p_value(double difference, std::span<const double> resampled_differences, std::size_t groups);

}  // namespace midillama::metrics
