#include "midillama/midi/score.h"

#include "midillama/core/error.h"
#include "midillama/core/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace midillama::midi {
namespace {

Score score_ending_at(std::int64_t tick) {
  Score score;
  score.instruments = {{0, false, "", {{Tick{0}, Tick{tick}, 60, 64}}}};
  return score;
}

std::vector<std::int64_t> values(const std::vector<Tick>& ticks) {
  std::vector<std::int64_t> out;
  for (const Tick tick : ticks) out.push_back(tick.value);
  return out;
}

TEST(Score, CountsNotesAndFindsTheLastEnd) {
  Score score;
  EXPECT_EQ(score.note_count(), 0u);
  EXPECT_EQ(score.end(), Tick{0});
  score.instruments = {{0, false, "", {{Tick{0}, Tick{90}, 60, 64}, {Tick{5}, Tick{10}, 60, 64}}},
                       {1, false, "", {{Tick{80}, Tick{85}, 60, 64}}}};
  EXPECT_EQ(score.note_count(), 3u);
  EXPECT_EQ(score.end(), Tick{90});
}

TEST(TempoMap, DefaultsTo120Bpm) {
  const Score score;
  EXPECT_DOUBLE_EQ(score.to_seconds(Tick{960}).value, 1.0);
  EXPECT_EQ(score.to_tick(Seconds{1.0}), Tick{960});
}

TEST(TempoMap, FollowsTempoChanges) {
  Score score;
  score.tempos = {{Tick{480}, 60.0}, {Tick{960}, 240.0}};
  EXPECT_DOUBLE_EQ(score.to_seconds(Tick{480}).value, 0.5);
  EXPECT_DOUBLE_EQ(score.to_seconds(Tick{720}).value, 1.0);
  EXPECT_DOUBLE_EQ(score.to_seconds(Tick{1440}).value, 1.75);
  EXPECT_EQ(score.to_tick(Seconds{1.75}), Tick{1440});
  EXPECT_EQ(score.to_tick(Seconds{1.7499}), Tick{1439});
}

TEST(TempoMap, StaysInRange) {
  const TempoMap map{Score{}};
  EXPECT_EQ(map.to_tick(Seconds{-1}), Tick{0});
  EXPECT_EQ(map.to_tick(Seconds{std::nan("")}), Tick{0});
  EXPECT_EQ(map.to_tick(Seconds{1e300}), kMaxTick);
}

TEST(TempoMap, ATickComesBackFromItsSeconds) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    Score score;
    score.ticks_per_quarter = 1 + static_cast<int>(random.below(2000));
    Tick time;
    for (int i = 0; i < 50; ++i, time = time + Tick{1 + static_cast<std::int64_t>(random.below(5000))}) {
      score.tempos.push_back({time, 10 + 390 * random.uniform()});
    }
    const TempoMap map(score);
    for (int i = 0; i < 200; ++i) {
      const Tick tick{static_cast<std::int64_t>(random.below(300'000))};
      ASSERT_EQ(map.to_tick(map.to_seconds(tick)), tick);
    }
  }
}

TEST(Clip, CutsAndMovesNotes) {
  Score score;
  score.ticks_per_quarter = 96;
  score.instruments = {
      {4,
       false,
       "a",
       {{Tick{0}, Tick{300}, 60, 1}, {Tick{100}, Tick{150}, 61, 2}, {Tick{199}, Tick{300}, 62, 3}, {Tick{200}, Tick{210}, 63, 4}}},
      {5, true, "b", {{Tick{99}, Tick{150}, 61, 2}}}};
  const Score cut = clip(score, Tick{100}, Tick{200});
  EXPECT_EQ(cut.ticks_per_quarter, 96);
  ASSERT_EQ(cut.instruments.size(), 1u) << "an instrument without notes stays out";
  EXPECT_EQ(cut.instruments[0], (Instrument{4, false, "a", {{Tick{0}, Tick{50}, 61, 2}, {Tick{99}, Tick{100}, 62, 3}}}));
}

TEST(Clip, KeepsWhatIsInForceAtItsStart) {
  Score score;
  score.tempos = {{Tick{0}, 100}, {Tick{50}, 90}, {Tick{150}, 80}, {Tick{200}, 70}};
  score.time_signatures = {{Tick{100}, 3, 4}, {Tick{120}, 6, 8}};
  score.key_signatures = {{Tick{0}, 1, false}, {Tick{0}, 2, true}, {Tick{300}, 3, false}};
  score.lyrics = {{Tick{99}, "before"}, {Tick{100}, "first"}, {Tick{199}, "last"}, {Tick{200}, "behind"}};
  const Score cut = clip(score, Tick{100}, Tick{200});
  EXPECT_EQ(cut.tempos, (std::vector<TempoChange>{{Tick{0}, 90}, {Tick{50}, 80}}));
  EXPECT_EQ(cut.time_signatures, (std::vector<TimeSignature>{{Tick{0}, 3, 4}, {Tick{20}, 6, 8}}));
  EXPECT_EQ(cut.key_signatures, (std::vector<KeySignature>{{Tick{0}, 2, true}}));
  EXPECT_EQ(cut.lyrics, (std::vector<Lyric>{{Tick{0}, "first"}, {Tick{99}, "last"}}));
}

TEST(BarStarts, ReachTheEndOfTheLastNote) {
  EXPECT_EQ(values(bar_starts(Score{})), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(values(bar_starts(score_ending_at(1920))), (std::vector<std::int64_t>{0, 1920}));
  EXPECT_EQ(values(bar_starts(score_ending_at(1921))), (std::vector<std::int64_t>{0, 1920, 3840}));
}

TEST(BarStarts, MetersChangeWithTheNextBar) {
  Score score = score_ending_at(7000);
  score.time_signatures = {{Tick{0}, 3, 4}, {Tick{1440}, 6, 8}, {Tick{3000}, 4, 4}, {Tick{3100}, 2, 4}};
  EXPECT_EQ(values(bar_starts(score)), (std::vector<std::int64_t>{0, 1440, 2880, 4320, 5280, 6240, 7200}));
}

TEST(BarStarts, BarsNeedNotEndOnATick) {
  Score score = score_ending_at(8);
  score.ticks_per_quarter = 10;
  score.time_signatures = {{Tick{0}, 3, 64}};
  EXPECT_EQ(values(bar_starts(score)), (std::vector<std::int64_t>{0, 1, 3, 5, 7, 9}));
}

TEST(BarStarts, RefusesBarsWithoutEnd) {
  Score shorter_than_a_tick = score_ending_at(100);
  shorter_than_a_tick.time_signatures = {{Tick{0}, 255, 1 << 30}};
  EXPECT_THROW(bar_starts(shorter_than_a_tick), Error);
  Score too_many = score_ending_at(kMaxTick.value);
  too_many.ticks_per_quarter = 1;
  EXPECT_THROW(bar_starts(too_many), Error);
}

}  // namespace
}  // namespace midillama::midi
