#include "midillama/metrics/comparisons.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace midillama::metrics {
namespace {

using testing::ElementsAre;

// tests/golden/metrics/make_comparisons.py
Json golden(const char* what) {
  return read_json("tests/golden/metrics/comparisons.json").at(what);
}

TEST(GoldenComparisons, AlphaIsKrippendorffs) {
  for (const Json& row : golden("alpha")) {
    const auto units = row.at("units").get<std::vector<std::vector<int>>>();
    const auto alpha = krippendorff_alpha(units);
    ASSERT_TRUE(alpha);
    EXPECT_NEAR(*alpha, row.at("alpha").get<double>(), 1e-12) << units.size();
  }
}

TEST(GoldenComparisons, TheSignTestIsScipys) {
  for (const Json& row : golden("sign_test")) {
    const double expected = row.at("p");
    EXPECT_NEAR(sign_test(row.at("wins"), row.at("losses")), expected, 1e-10 * expected) << row;
  }
}

TEST(GoldenComparisons, HolmsCorrectionIsStatsmodels) {
  for (const Json& row : golden("holm")) {
    const auto expected = row.at("corrected").get<std::vector<double>>();
    const auto corrected = holm(row.at("p").get<std::vector<double>>());
    ASSERT_EQ(corrected.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(corrected[i], expected[i], 1e-12) << row;
  }
}

TEST(GoldenComparisons, StrengthsAreChoixs) {
  for (const Json& row : golden("bradley_terry")) {
    const auto expected = row.at("strengths").get<std::vector<double>>();
    const auto strengths = bradley_terry(row.at("wins").get<std::vector<std::vector<double>>>());
    ASSERT_EQ(strengths.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(strengths[i], expected[i], 1e-5) << row;
  }
}

TEST(Comparisons, AlphaIsNotKnownWithoutDisagreementOrPairs) {
  using Units = std::vector<std::vector<int>>;
  EXPECT_FALSE(krippendorff_alpha(Units{}));
  EXPECT_FALSE(krippendorff_alpha(Units{{0}, {1}}));
  EXPECT_FALSE(krippendorff_alpha(Units{{1, 1}, {1, 1}}));
  EXPECT_EQ(krippendorff_alpha(Units{{0, 0}, {1, 1}}), 1);
}

TEST(Comparisons, TwoStrengthsAreTheLogarithmOfTheirWins) {
  const auto strengths = bradley_terry({{0, 6.5}, {2.5, 0}});
  EXPECT_NEAR(strengths[0] - strengths[1], std::log(6.5 / 2.5), 1e-10);
  EXPECT_NEAR(strengths[0] + strengths[1], 0, 1e-12);
}

TEST(Comparisons, StrengthsThatWouldBeInfiniteAreRefused) {
  EXPECT_THROW(bradley_terry({{0, 3}, {0, 0}}), Error);
  EXPECT_THROW(bradley_terry({{0, 1, 0}, {1, 0, 0}, {2, 0, 0}}), Error);  // nobody beats the third
  EXPECT_THROW(bradley_terry({}), Error);
  EXPECT_THROW(bradley_terry({{0, 1}}), Error);
}

TEST(Comparisons, TheSignTestTakesCounts) {
  EXPECT_EQ(sign_test(0, 0), 1);
  EXPECT_EQ(sign_test(5, 5), 1);
  EXPECT_DOUBLE_EQ(sign_test(6, 0), 2.0 / 64);
  EXPECT_THROW(sign_test(-1, 2), Error);
}

TEST(Comparisons, HolmsCorrectionKeepsTheOrderGiven) {
  EXPECT_THAT(holm(std::vector<double>{0.5, 0.01}), ElementsAre(0.5, 0.02));
  EXPECT_TRUE(holm(std::vector<double>{}).empty());
}

}  // namespace
}  // namespace midillama::metrics
