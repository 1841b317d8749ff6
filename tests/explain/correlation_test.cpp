#include "explain/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace midillama::explain {
namespace {

const std::vector<double> kRising = {1, 2, 3, 4}, kSteep = {1, 10, 100, 1000}, kFalling = {8, 6, 4, 2}, kEqual = {5, 5, 5, 5};

TEST(Correlation, OfLinesAndCurves) {
  EXPECT_NEAR(pearson(kRising, kRising).value(), 1, 1e-12);
  EXPECT_NEAR(pearson(kRising, kFalling).value(), -1, 1e-12);
  EXPECT_LT(pearson(kRising, kSteep).value(), 0.9);
  EXPECT_NEAR(spearman(kRising, kSteep).value(), 1, 1e-12);
}

TEST(Correlation, EqualValuesShareTheMeanOfTheirRanks) {
  // Ranks 0.5, 0.5, 2, 3 against 0, 1, 2, 3.
  EXPECT_NEAR(spearman(std::vector<double>{7, 7, 8, 9}, kRising).value(), 4.5 / std::sqrt(4.5 * 5), 1e-12);
}

TEST(Correlation, WhatIsConstantHasNone) {
  EXPECT_FALSE(pearson(kRising, kEqual));
  EXPECT_FALSE(spearman(kEqual, kRising));
  EXPECT_FALSE(pearson({}, {}));
}

}  // namespace
}  // namespace midillama::explain
