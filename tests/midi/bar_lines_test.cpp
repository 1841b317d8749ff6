#include "midillama/midi/bar_lines.h"

#include "midillama/core/error.h"
#include "midillama/midi/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace midillama::midi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

Score in_meter(int numerator, int denominator, std::int64_t end) {
  Score score;
  score.time_signatures = {{Tick{0}, numerator, denominator}};
  score.instruments = {{0, false, "", {{Tick{0}, Tick{end}, 60, 64}}}};
  return score;
}

std::vector<Tick> ticks(const std::vector<std::int64_t>& values) {
  std::vector<Tick> ticks;
  for (const std::int64_t value : values) ticks.push_back(Tick{value});
  return ticks;
}

std::vector<std::int64_t> bars_of(const Score& score) {
  std::vector<std::int64_t> values;
  for (const Tick bar : bar_starts(score)) values.push_back(bar.value);
  return values;
}

std::vector<std::string> meters_of(const Score& score) {
  std::vector<std::string> meters;
  for (const auto& [time, numerator, denominator] : score.time_signatures)
    meters.push_back(std::to_string(time.value) + " " + std::to_string(numerator) + "/" + std::to_string(denominator));
  return meters;
}

TEST(BarLines, AnUpbeatIsAShortBarOfItsOwnMeter) {
  const Score score = with_bar_lines(in_meter(6, 8, 5000), ticks({240, 1680}));
  EXPECT_THAT(bars_of(score), ElementsAre(0, 240, 1680, 3120, 4560, 6000));
  EXPECT_THAT(meters_of(score), ElementsAre("0 1/8", "240 6/8"));
  const Score read = parse_midi(to_midi(score), "score");
  EXPECT_EQ(bars_of(read), bars_of(score));
}

TEST(BarLines, BarsThatAreNotNamedFillTheGaps) {
  const Score score = with_bar_lines(in_meter(4, 4, 9600), ticks({0, 3840, 7680}));
  EXPECT_THAT(bars_of(score), ElementsAre(0, 1920, 3840, 5760, 7680, 9600));
  EXPECT_THAT(meters_of(score), ElementsAre("0 4/4"));
  // Before the first there may be whole bars after the upbeat.
  EXPECT_THAT(bars_of(with_bar_lines(in_meter(4, 4, 5760), ticks({4320}))), ElementsAre(0, 480, 2400, 4320, 6240));
}

TEST(BarLines, WhereBarsDoNotFitTheLastIsShort) {
  const Score score = with_bar_lines(in_meter(2, 2, 7200), ticks({0, 1920, 4560}));
  EXPECT_THAT(bars_of(score), ElementsAre(0, 1920, 3840, 4560, 6480, 8400));
  EXPECT_THAT(meters_of(score), ElementsAre("0 2/2", "3840 3/8", "4560 2/2"));
}

TEST(BarLines, TheScoresOwnChangesStay) {
  Score score = in_meter(4, 4, 7200);
  score.time_signatures.push_back({Tick{2160}, 3, 4});
  score.time_signatures.push_back({Tick{6480}, 2, 4});
  const Score barred = with_bar_lines(score, ticks({240, 2160, 3600}));
  EXPECT_THAT(bars_of(barred), ElementsAre(0, 240, 2160, 3600, 5040, 6480, 7440));
  EXPECT_THAT(meters_of(barred), ElementsAre("0 1/8", "240 4/4", "2160 3/4", "6480 2/4"));
}

TEST(BarLines, WithoutAnyTheScoreIsAsItWas) {
  const Score score = in_meter(3, 4, 4000);
  EXPECT_EQ(with_bar_lines(score, {}), score);
  EXPECT_EQ(bars_of(with_bar_lines(score, bar_starts(score))), bars_of(score));
}

// abc2midi rounds the notes of a quintuplet, and the bars after it begin a tick late.
TEST(BarLines, AreMovedToTheNearest64thNote) {
  const Score score = with_bar_lines(in_meter(4, 4, 9600), ticks({0, 1921, 3841, 5759}));
  EXPECT_THAT(bars_of(score), ElementsAre(0, 1920, 3840, 5760, 7680, 9600));
  EXPECT_THAT(meters_of(score), ElementsAre("0 4/4"));
  Score coarse = in_meter(3, 4, 144);
  coarse.ticks_per_quarter = 12;  // three quarters of a tick are a 64th
  EXPECT_THAT(meters_of(with_bar_lines(coarse, ticks({3, 39}))), ElementsAre("0 1/16", "3 3/4"));
}

TEST(BarLines, BeatsOfLessThanA64thAreAnError) {
  EXPECT_THAT(error_of([] { with_bar_lines(in_meter(3, 128, 4000), ticks({480})); }), HasSubstr("the meter 3/128"));
}

}  // namespace
}  // namespace midillama::midi
