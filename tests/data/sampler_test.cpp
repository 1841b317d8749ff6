#include "midillama/data/sampler.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace midillama::data {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAreArray;

std::vector<std::int64_t> numbers(std::int64_t count) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

TEST(Sampler, WithoutShufflingItGoesThroughTheFileAgainAndAgain) {
  Sampler sampler(3, false, 1);
  EXPECT_THAT(sampler.next(2), ElementsAre(0, 1));
  EXPECT_THAT(sampler.next(5), ElementsAre(2, 0, 1, 2, 0));
  EXPECT_EQ(sampler.epoch(), 2);
  EXPECT_EQ(sampler.position(), 1);
}

TEST(Sampler, EveryEpochIsAnotherPermutation) {
  Sampler sampler(50, true, 7);
  const auto first = sampler.next(50);
  const auto second = sampler.next(50);
  EXPECT_THAT(first, UnorderedElementsAreArray(numbers(50)));
  EXPECT_THAT(second, UnorderedElementsAreArray(numbers(50)));
  EXPECT_NE(first, numbers(50));
  EXPECT_NE(first, second);
}

TEST(Sampler, TheSeedDecidesTheOrder) {
  EXPECT_EQ(Sampler(50, true, 7).next(120), Sampler(50, true, 7).next(120));
  EXPECT_NE(Sampler(50, true, 7).next(50), Sampler(50, true, 8).next(50));
}

TEST(Sampler, GoesOnWhereAnotherStood) {
  for (const std::int64_t drawn : {0, 3, 10, 14, 20, 33}) {
    Sampler whole(10, true, 5);
    whole.next(drawn);
    Sampler resumed(10, true, 5);
    resumed.seek(whole.epoch(), whole.position());
    EXPECT_EQ(resumed.next(25), whole.next(25)) << drawn;
  }
}

TEST(Sampler, RefusesNothingToDrawAndPlacesOutside) {
  EXPECT_THROW(Sampler(0, true, 1), Error);
  EXPECT_THROW(Sampler(3, true, 1).seek(0, 4), Error);
  EXPECT_THROW(Sampler(3, true, 1).seek(-1, 0), Error);
}

}  // namespace
}  // namespace midillama::data
