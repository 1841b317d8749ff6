#include "midillama/metrics/intervals.h"

#include "midillama/core/error.h"
#include "midillama/core/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <string_view>
#include <utility>
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

// For a proportion p of n trials, which need not be whole: grouped trials count as fewer.
Interval wilson(double p, double n) {
  const double z2 = kNormalQuantile * kNormalQuantile;
  const double center = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half_width = kNormalQuantile / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {p == 0 ? 0 : center - half_width, p == 1 ? 1 : center + half_width};
}

void require_proportion(std::int64_t successes, std::int64_t trials) {
  if (successes < 0 || successes > trials) throw Error(fmt::format("{} successes of {} trials make no proportion", successes, trials));
}

}  // namespace

Interval wilson_interval(std::int64_t successes, std::int64_t trials) {
  require_proportion(successes, trials);
  if (trials == 0) return {0, 1};
  const auto n = static_cast<double>(trials);
  return wilson(static_cast<double>(successes) / n, n);
}

Interval wilson_interval(std::span<const Trials> groups) {
  double successes = 0, trials = 0, count = 0;
  for (const Trials& group : groups) {
    require_proportion(group.successes, group.trials);
    successes += static_cast<double>(group.successes);
    trials += static_cast<double>(group.trials);
    count += group.trials > 0 ? 1 : 0;
  }
  if (trials == 0) return {0, 1};
  const double p = successes / trials;
  double squares = 0;  // of what each group has more than its share
  for (const Trials& group : groups) {
    const double more = static_cast<double>(group.successes) - p * static_cast<double>(group.trials);
    squares += more * more;
  }
  if (squares == 0) return wilson(p, count);
  const double variance = squares / (trials * trials);
  return wilson(p, std::min(trials, p * (1 - p) / variance));
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
  return percentile_interval(std::move(statistics));
}

GroupedBootstrap::GroupedBootstrap(std::span<const std::string> groups, std::uint64_t seed, int resamples)
    : seed_(seed), resamples_(resamples) {
  if (groups.empty() || resamples < 1) throw Error("a bootstrap needs examples and resamples");
  std::map<std::string_view, std::size_t> numbers;
  for (const std::string& group : groups) group_of_.push_back(numbers.emplace(group, numbers.size()).first->second);
  groups_ = numbers.size();
}

std::vector<double> GroupedBootstrap::resampled(const Additive& metric) const {
  if (metric.examples() != group_of_.size())
    throw Error(fmt::format("a metric of {} examples for {} in groups", metric.examples(), group_of_.size()));
  const std::size_t width = metric.width;
  std::vector<double> sums(groups_ * width);
  const auto add = [width](std::span<const double> counts, double* to) {
    for (std::size_t i = 0; i < width; ++i) to[i] += counts[i];
  };
  for (std::size_t e = 0; e < group_of_.size(); ++e) add(metric.of(e), &sums[group_of_[e] * width]);

  std::vector<double> values;
  std::vector<double> total(width);
  for_each_draw([&](std::span<const std::size_t> drawn) {
    std::ranges::fill(total, 0);
    for (const std::size_t group : drawn) add(std::span(sums).subspan(group * width, width), total.data());
    values.push_back(metric.value(total));
  });
  return values;
}

void GroupedBootstrap::for_each_resample(const OnResample& use) const {
  std::vector<double> times_of_group(groups_), times(group_of_.size());
  for_each_draw([&](std::span<const std::size_t> drawn) {
    std::ranges::fill(times_of_group, 0);
    for (const std::size_t group : drawn) ++times_of_group[group];
    for (std::size_t e = 0; e < times.size(); ++e) times[e] = times_of_group[group_of_[e]];
    use(times);
  });
}

void GroupedBootstrap::for_each_draw(const std::function<void(std::span<const std::size_t> drawn)>& use) const {
  Random random(seed_for(seed_, "bootstrap"));
  std::vector<std::size_t> drawn(groups_);
  for (int resample = 0; resample < resamples_; ++resample) {
    for (std::size_t& group : drawn) group = random.below(groups_);
    use(drawn);
  }
}

std::size_t GroupedBootstrap::groups_of(const Additive& metric) const {
  std::set<std::size_t> counting;
  for (std::size_t e = 0; e < metric.examples(); ++e) {
    if (std::ranges::any_of(metric.of(e), [](double count) { return count != 0; })) counting.insert(group_of_[e]);
  }
  return counting.size();
}

Interval percentile_interval(std::vector<double> resampled) {
  std::erase_if(resampled, [](double value) { return std::isnan(value); });
  if (resampled.empty()) throw Error("an interval needs values");
  std::ranges::sort(resampled);
  return {quantile(resampled, 0.025), quantile(resampled, 0.975)};
}

double bootstrap_p_value(double difference, std::span<const double> resampled_differences, std::size_t groups) {
  const double least = std::min(1.0, std::exp2(1 - static_cast<double>(groups)));
  double count = 0, sum = 0, squares = 0;
  for (const double value : resampled_differences) {
    if (std::isnan(value)) continue;
    ++count, sum += value;
  }
  if (count < 2) return 1;
  for (const double value : resampled_differences) {
    if (!std::isnan(value)) squares += (value - sum / count) * (value - sum / count);
  }
  if (squares == 0) return difference == 0 ? 1 : least;
  const double deviation = std::sqrt(squares / (count - 1));
  return std::max(least, std::erfc(std::abs(difference) / deviation / std::numbers::sqrt2));
}

}  // namespace midillama::metrics
