#include "midillama/metrics/ranking.h"

#include "midillama/core/file.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <vector>

namespace midillama::metrics {
namespace {

using Ranks = std::vector<std::int64_t>;

// tests/golden/metrics/make_ranking.py
TEST(GoldenRanking, IsThatOfScikitLearn) {
  const Json golden = read_json("tests/golden/metrics/ranking.json");
  ASSERT_GT(golden["cases"].size(), 20u);
  for (const Json& item : golden["cases"]) {
    Ranks ranks;
    for (const auto& scores : item["scores"].get<std::vector<std::vector<double>>>())
      ranks.push_back(pessimistic_rank(scores[0], std::span(scores).subspan(1)));
    EXPECT_EQ(ranks, item["ranks"].get<Ranks>());
    EXPECT_NEAR(mean_average_precision(ranks).value_of_all(), item["map"].get<double>(), 1e-12);
  }
}

TEST(Ranking, HitsAreTheGroupsAmongTheFirst) {
  const Ranks ranks = {1, 2, 5, 6};
  EXPECT_EQ(hits_at(1, ranks).value_of_all(), 0.25);
  EXPECT_EQ(hits_at(5, ranks).value_of_all(), 0.75);
  EXPECT_EQ(hits_at(6, ranks).value_of_all(), 1);
}

TEST(Ranking, WhatIsNotANumberComesLastAndTiesCountAgainst) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(pessimistic_rank(1, std::vector<double>{nothing, 1, 0}), 2);
  EXPECT_EQ(pessimistic_rank(nothing, std::vector<double>{nothing, 0, 1}), 4);
  EXPECT_EQ(pessimistic_rank(0.5, std::vector<double>{}), 1);
}

// The figures that the literature states for 1 of 50.
TEST(Ranking, ChanceIsExact) {
  EXPECT_NEAR(chance_average_precision(50), 0.0900, 5e-5);
  EXPECT_EQ(chance_hits_at(10, 50), 0.2);
  EXPECT_EQ(chance_hits_at(60, 50), 1);
  Ranks every(50);
  std::iota(every.begin(), every.end(), 1);
  EXPECT_NEAR(mean_average_precision(every).value_of_all(), chance_average_precision(50), 1e-12);
}

}  // namespace
}  // namespace midillama::metrics
