#include "midillama/music/features.h"

#include "notes.h"

#include <gtest/gtest.h>

namespace midillama::music {
namespace {

TEST(Features, MeanPitchIsWeightedByLength) {
  EXPECT_DOUBLE_EQ(*mean_pitch(score_of({{0, 300, 60}, {300, 400, 72}})), 63.0);
}

TEST(Features, MeanPitchLeavesDrumsOut) {
  auto score = score_of({{0, 480, 60}});
  score.instruments.push_back(score.instruments[0]);
  score.instruments[1].is_drum = true;
  score.instruments[1].notes[0].pitch = 30;
  EXPECT_DOUBLE_EQ(*mean_pitch(score), 60.0);
  score.instruments[0].is_drum = true;
  EXPECT_FALSE(mean_pitch(score));
}

TEST(Features, CountsNotesPerSecondUnderTheTempo) {
  auto score = score_of({{0, 480, 60}, {480, 960, 62}});
  EXPECT_DOUBLE_EQ(notes_per_second(score), 2.0);
  score.tempos = {{midi::Tick{0}, 60.0}};
  EXPECT_DOUBLE_EQ(notes_per_second(score), 1.0);
  EXPECT_DOUBLE_EQ(notes_per_second(midi::Score{}), 0.0);
}

TEST(Features, DefaultTimingStatesNothing) {
  auto score = score_of({{0, 480, 60}});
  EXPECT_FALSE(states_timing(score));
  score.tempos = {{midi::Tick{0}, 120.0}};
  score.time_signatures = {{midi::Tick{0}, 4, 4}};
  EXPECT_FALSE(states_timing(score));
  EXPECT_FALSE(stated_meter(score));
  EXPECT_FALSE(stated_tempo(score));
}

TEST(Features, AnotherTempoOrMeterStatesBoth) {
  auto score = score_of({{0, 480, 60}});
  score.tempos = {{midi::Tick{0}, 120.0}};
  score.time_signatures = {{midi::Tick{0}, 6, 8}};
  EXPECT_EQ(stated_meter(score)->numerator, 6);
  EXPECT_DOUBLE_EQ(*stated_tempo(score), 120.0);
  score.time_signatures = {{midi::Tick{0}, 4, 4}};
  score.tempos = {{midi::Tick{0}, 90.0}};
  EXPECT_EQ(stated_meter(score)->denominator, 4);
  EXPECT_DOUBLE_EQ(*stated_tempo(score), 90.0);
}

TEST(Features, ChangesAreNoOneMeterOrTempo) {
  auto score = score_of({{0, 480, 60}});
  score.tempos = {{midi::Tick{0}, 90.0}, {midi::Tick{480}, 100.0}};
  score.time_signatures = {{midi::Tick{0}, 3, 4}, {midi::Tick{1440}, 4, 4}};
  EXPECT_FALSE(stated_meter(score));
  EXPECT_FALSE(stated_tempo(score));
}

// The notes sound under defaults that nobody wrote down.
TEST(Features, WhatComesAfterTheLastNoteStatesNothing) {
  auto score = score_of({{0, 480, 60}, {480, 960, 62}});
  score.tempos = {{midi::Tick{1440}, 60.0}};
  score.time_signatures = {{midi::Tick{1440}, 3, 4}};
  EXPECT_FALSE(states_timing(score));
  EXPECT_FALSE(states_meter(score));
  EXPECT_FALSE(states_tempo(score));
  EXPECT_FALSE(stated_meter(score));
  EXPECT_FALSE(stated_tempo(score));
  score.time_signatures = {{midi::Tick{0}, 6, 8}};  // says which meter, and still not which tempo
  EXPECT_TRUE(states_meter(score));
  EXPECT_FALSE(states_tempo(score));
  score.tempos = {{midi::Tick{480}, 60.0}};  // reaches the last note
  EXPECT_TRUE(states_tempo(score));
}

TEST(Features, FilmFramesStateNothing) {
  auto score = score_of({{0, 480, 60}});
  score.tempos = {{midi::Tick{0}, 60.0}};
  EXPECT_TRUE(states_timing(score));
  score.smpte = midi::SmpteDivision{};
  EXPECT_FALSE(states_timing(score));
}

TEST(Features, BeatsOfCompoundMetersAreDotted) {
  EXPECT_DOUBLE_EQ(beats_per_minute(120, {midi::Tick{0}, 4, 4}), 120);
  EXPECT_DOUBLE_EQ(beats_per_minute(120, {midi::Tick{0}, 2, 2}), 60);
  EXPECT_DOUBLE_EQ(beats_per_minute(180, {midi::Tick{0}, 6, 8}), 120);
  EXPECT_DOUBLE_EQ(beats_per_minute(120, {midi::Tick{0}, 3, 8}), 240);
}

}  // namespace
}  // namespace midillama::music
