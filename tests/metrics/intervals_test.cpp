#include "midillama/metrics/intervals.h"

#include "midillama/core/error.h"

#include <gtest/gtest.h>

#include <span>
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
