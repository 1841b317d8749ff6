#include "midillama/metrics/intervals.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace midillama::metrics {
namespace {

// Expected values: statsmodels' proportion_confint(method="wilson").
TEST(WilsonInterval, HasTheKnownBounds) {
  const Interval half = wilson_interval(5, 10);
  EXPECT_NEAR(half.low, 0.236593, 1e-6);
  EXPECT_NEAR(half.high, 0.763407, 1e-6);
  const Interval all = wilson_interval(100, 100);
  EXPECT_NEAR(all.low, 0.963007, 1e-6);
  EXPECT_EQ(all.high, 1);
  EXPECT_EQ(wilson_interval(0, 100).low, 0);
}

TEST(WilsonInterval, KnowsNothingWithoutTrials) {
  EXPECT_EQ(wilson_interval(0, 0).low, 0);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
  EXPECT_THROW(wilson_interval(2, 1), Error);
  EXPECT_THROW(wilson_interval(-1, 1), Error);
}

// tests/golden/metrics/make_grouped.py
TEST(WilsonInterval, OfGroupsCountsAlikeTrialsAsFewer) {
  const Json golden = read_json("tests/golden/metrics/grouped.json");
  for (const Json& row : golden.at("cases")) {
    std::vector<Trials> groups;
    for (const auto& group : row.at("groups")) groups.push_back({group[0].get<std::int64_t>(), group[1].get<std::int64_t>()});
    const Interval interval = wilson_interval(groups);
    EXPECT_NEAR(interval.low, row.at("interval")[0].get<double>(), 1e-9);
    EXPECT_NEAR(interval.high, row.at("interval")[1].get<double>(), 1e-9);
  }
}

TEST(WilsonInterval, OfGroupsThatAllEndAlikeIsOneOfSoManyTrials) {
  const std::vector<Trials> right = {{3, 3}, {5, 5}, {1, 1}};
  EXPECT_EQ(wilson_interval(right).low, wilson_interval(3, 3).low);
  EXPECT_EQ(wilson_interval(right).high, 1);
  EXPECT_EQ(wilson_interval(std::vector<Trials>{}).low, 0);
  EXPECT_EQ(wilson_interval(std::vector<Trials>{}).high, 1);
  EXPECT_THROW(wilson_interval(std::vector<Trials>{{2, 1}}), Error);
}

TEST(GroupedBootstrap, DrawsWholeGroups) {
  // Ten groups of eight equal values: as uncertain as ten values, not as eighty.
  std::vector<std::string> groups;
  std::vector<double> values;
  for (int i = 0; i < 80; ++i) {
    groups.push_back(std::to_string(i / 8));
    values.push_back(i / 8 % 2);
  }
  const GroupedBootstrap bootstrap(groups, 1, 4000);
  EXPECT_EQ(bootstrap.groups(), 10U);
  const Interval interval = percentile_interval(bootstrap.resampled(mean_of_each(values)));
  EXPECT_NEAR(interval.low, 0.2, 1e-9);
  EXPECT_NEAR(interval.high, 0.8, 1e-9);
  EXPECT_THROW(bootstrap.resampled(mean_of_each(std::vector<double>{1})), Error);
  EXPECT_THROW(GroupedBootstrap({}, 1, 10), Error);
}

TEST(GroupedBootstrap, DrawsTheSameForEveryMetric) {
  const std::vector<std::string> groups = {"a", "a", "b", "c", "d", "d"};
  const std::vector<double> one = {0.1, 0.2, 0.9, 0.4, 0.6, 0.3};
  std::vector<double> more = one;
  for (double& value : more) value += 0.25;
  const GroupedBootstrap bootstrap(groups, 3, 200);
  const auto low = bootstrap.resampled(mean_of_each(one)), high = bootstrap.resampled(mean_of_each(more));
  for (std::size_t i = 0; i < low.size(); ++i) EXPECT_NEAR(high[i] - low[i], 0.25, 1e-12);
}

TEST(GroupedBootstrap, LeavesOutResamplesWithoutWhatIsAskedFor) {
  const std::vector<std::string> groups = {"a", "b", "c"};
  const auto values = GroupedBootstrap(groups, 1, 300).resampled(shares(std::vector<double>{1, 0, 0}, std::vector<double>{1, 0, 0}));
  EXPECT_TRUE(std::ranges::any_of(values, [](double value) { return std::isnan(value); }));
  EXPECT_EQ(percentile_interval(values).low, 1);
  EXPECT_THROW(percentile_interval({std::nan("")}), Error);
}

TEST(BootstrapPValue, IsTheNormalDistributionsOfTheResampledDeviation) {
  const std::vector<double> resampled = {0.1, 0.3, 0.2, 0.4, 0.0, 0.2};  // standard deviation .141421
  EXPECT_NEAR(bootstrap_p_value(0.2, resampled, 50), 0.157299, 1e-6);    // scipy.stats.norm.sf(1.414214) * 2
  EXPECT_NEAR(bootstrap_p_value(-0.2, resampled, 50), 0.157299, 1e-6);
  EXPECT_EQ(bootstrap_p_value(0, std::vector<double>{0, 0, 0}, 3), 1);
  EXPECT_EQ(bootstrap_p_value(0.5, std::vector<double>{0.5, 0.5}, 1), 1);
  EXPECT_EQ(bootstrap_p_value(0.5, std::vector<double>{0.5, 0.5}, 6), 1.0 / 32) << "six pieces that agree";
  EXPECT_EQ(bootstrap_p_value(0.5, {}, 5), 1);
  const std::vector<std::string> groups = {"a", "a", "b", "c"};
  EXPECT_EQ(GroupedBootstrap(groups, 1, 10).groups_of(shares(std::vector<double>{0, 0, 0, 0}, std::vector<double>{1, 1, 0, 1})), 2U);
}

TEST(BootstrapInterval, SurroundsTheMeanAsTheNormalApproximationSays) {
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(i % 4 == 0 ? 1 : 0);  // mean .25, standard error .02165
  const Interval interval = bootstrap_interval(values, 1, 4000);
  EXPECT_NEAR(interval.low, 0.25 - 1.96 * 0.02165, 0.004);
  EXPECT_NEAR(interval.high, 0.25 + 1.96 * 0.02165, 0.004);
}

TEST(BootstrapInterval, OfTheMeanIsThatOfTheMean) {
  const std::vector<double> values = {0.1, 0.4, 0.35, 0.8};
  const auto mean = [&](std::span<const std::size_t> drawn) {
    double sum = 0;
    for (const std::size_t i : drawn) sum += values[i];
    return sum / 4;
  };
  EXPECT_DOUBLE_EQ(bootstrap_interval(4, mean, 5).low, bootstrap_interval(values, 5).low);
  EXPECT_DOUBLE_EQ(bootstrap_interval(4, mean, 5).high, bootstrap_interval(values, 5).high);
  EXPECT_THROW(bootstrap_interval(0, mean, 5), Error);
}

TEST(BootstrapInterval, DependsOnTheSeedAlone) {
  const std::vector<double> values = {0.1, 0.4, 0.35, 0.8};
  EXPECT_EQ(bootstrap_interval(values, 5).low, bootstrap_interval(values, 5).low);
  EXPECT_NE(bootstrap_interval(values, 5, 21).low, bootstrap_interval(values, 6, 21).low);
  EXPECT_EQ(bootstrap_interval(std::vector<double>{0.5}, 1).high, 0.5);
  EXPECT_THROW(bootstrap_interval({}, 1), Error);
}

}  // namespace
}  // namespace midillama::metrics
