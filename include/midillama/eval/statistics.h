// How sure a number is: 95 % intervals.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace midillama::eval {

struct Interval {
  double low = 0;
  double high = 0;
};

// Successes out of trials, taken as independent.
struct Proportion {
  std::int64_t successes = 0;
  std::int64_t trials = 0;

  double value() const;  // 0 where there is no trial
  // Wilson's score interval (Wilson 1927), without continuity correction; [0, 1] where there is no trial.
  Interval wilson() const;
};

// The percentile bootstrap interval of the mean; nothing for no values or no samples. The same seed gives the same interval.
std::optional<Interval> bootstrap_mean(std::span<const double> values, std::int64_t samples, std::uint64_t seed);

}  // namespace midillama::eval
