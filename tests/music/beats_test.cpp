#include "midillama/music/beats.h"

#include "midillama/core/random.h"
#include "music/notes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace midillama::music {
namespace {

// Beats of `interval` seconds that drift by a share of it, with a note on each and, by chance, on halves of them.
struct Played {
  std::vector<Onset> onsets;
  std::vector<double> beats;
};

Played played(double interval, double drift, double jitter, std::uint64_t seed) {
  Random random(seed);
  Played music;
  double time = 0.5, now = interval;
  for (int beat = 0; beat < 60; ++beat) {
    const auto noise = [&] { return jitter * (random.uniform() - 0.5); };
    music.beats.push_back(time);
    music.onsets.push_back({time + noise(), beat % 4 == 0 ? 200.0 : 120.0});
    if (random.below(2) == 0) music.onsets.push_back({time + now / 2 + noise(), 60});
    time += now;
    now = interval * (1 + drift * std::sin(beat / 8.0));
  }
  return music;
}

double found(const std::vector<double>& truth, const std::vector<double>& beats) {
  std::size_t hits = 0;
  for (const double beat : truth) hits += std::ranges::any_of(beats, [&](double other) { return std::abs(other - beat) <= 0.07; });
  return 2 * static_cast<double>(hits) / static_cast<double>(truth.size() + beats.size());
}

TEST(Beats, AreFoundAtAnyTempoThroughDriftAndNoise) {
  for (const double interval : {0.35, 0.5, 0.6, 0.75, 0.95}) {
    for (const double drift : {0.0, 0.05, 0.12}) {
      const Played music = played(interval, drift, 0.03, 7);
      const auto beats = estimate_beats(music.onsets);
      EXPECT_GT(found(music.beats, beats), 0.9) << interval << " " << drift;
      ASSERT_TRUE(beats_per_minute(beats));
      EXPECT_NEAR(*beats_per_minute(beats), 60 / interval, 0.08 * 60 / interval) << drift;
    }
  }
}

TEST(Beats, AreRisingAndNeverFarApart) {
  Random random(3);
  std::vector<Onset> onsets;
  double time = 0;
  for (int i = 0; i < 300; ++i) onsets.push_back({time += 0.05 + random.uniform(), random.uniform() * 100 + 1});
  const auto beats = estimate_beats(onsets);
  ASSERT_GT(beats.size(), 20u);
  for (std::size_t i = 1; i < beats.size(); ++i) EXPECT_GT(beats[i], beats[i - 1]);
}

TEST(Beats, OfTooLittleMusicAreNone) {
  EXPECT_TRUE(estimate_beats({}).empty());
  const Played music = played(0.5, 0, 0, 1);
  EXPECT_TRUE(estimate_beats(std::span(music.onsets).first(7)).empty());
  EXPECT_FALSE(beats_per_minute({}));
}

TEST(Beats, NotesOfAChordAreOneOnset) {
  midi::Score score;
  score.ticks_per_quarter = 500;  // a tick is a millisecond
  score.instruments.push_back(
      {0, false, "piano", {{{0}, {400}, 60, 80}, {{20}, {400}, 48, 80}, {{40}, {400}, 72, 80}, {{500}, {900}, 60, 80}}});
  const auto onsets = onsets_of(score);
  ASSERT_EQ(onsets.size(), 2u);
  EXPECT_NEAR(onsets[0].time, 0.020, 1e-9);
  EXPECT_NEAR(onsets[1].time, 0.5, 1e-9);
  // 300 a second of the longest, 4 a semitone of the lowest below 72 (at most 24 semitones), the velocities.
  EXPECT_NEAR(onsets[0].salience, 300 * 0.38 + 4 * 24 + 240, 1e-9);
  EXPECT_NEAR(onsets[1].salience, 300 * 0.4 + 4 * 12 + 80, 1e-9);
}

TEST(Beats, HighNotesDifferInSalienceByLengthAndLoudness) {
  midi::Score score;
  score.ticks_per_quarter = 500;
  score.instruments.push_back({0, false, "flute", {{{0}, {400}, 96, 80}, {{500}, {600}, 96, 80}, {{1000}, {1100}, 96, 40}}});
  const auto onsets = onsets_of(score);
  ASSERT_EQ(onsets.size(), 3u);
  EXPECT_GT(onsets[0].salience, onsets[1].salience);
  EXPECT_GT(onsets[1].salience, onsets[2].salience);
  EXPECT_GT(onsets[2].salience, 0);
}

}  // namespace
}  // namespace midillama::music
