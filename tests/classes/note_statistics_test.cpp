#include "midillama/classes/note_statistics.h"

#include "classes/tiny_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace midillama::classes {
namespace {

using testing::DoubleNear;

std::map<std::string, double> by_name(const midi::Score& score, std::int64_t quarters = 32) {
  std::map<std::string, double> values;
  for (const Statistic& statistic : note_statistics(score, quarters)) values[statistic.name] = statistic.value;
  return values;
}

TEST(NoteStatistics, CountPitchesAndSteps) {
  const auto values = by_name(tune(60, 4));  // 60 61 62 60
  EXPECT_EQ(values.at("pitch class 0"), .5);
  EXPECT_EQ(values.at("pitch class 1"), .25);
  EXPECT_THAT(values.at("step 1"), DoubleNear(2. / 3, 1e-12));
  EXPECT_THAT(values.at("step 2"), DoubleNear(1. / 3, 1e-12));
  EXPECT_EQ(values.at("lowest pitch"), 60);
  EXPECT_EQ(values.at("highest pitch"), 62);
  EXPECT_EQ(values.at("mean pitch"), 60.75);
  EXPECT_EQ(values.at("family 0"), 1);
}

TEST(NoteStatistics, CountTimes) {
  auto score = tune(60, 8, 480);  // half a quarter, every quarter
  score.instruments[0].notes[0].velocity = 100;
  const auto values = by_name(score);
  EXPECT_EQ(values.at("length 1/2"), 1);
  EXPECT_EQ(values.at("distance 1"), 1);
  EXPECT_EQ(values.at("place 0"), 1);
  EXPECT_THAT(values.at("notes a quarter"), DoubleNear(8 / 7.5, 1e-12));
  EXPECT_THAT(values.at("notes together"), DoubleNear(4 / 7.5, 1e-12));
  EXPECT_EQ(values.at("mean velocity"), 82.5);
}

// A long and two short notes: three quarters until it comes again.
TEST(NoteStatistics, RepetitionTellsTheMeter) {
  midi::Score score;
  score.instruments.emplace_back();
  for (int bar = 0; bar < 12; ++bar) {
    const auto at = [&](int half) { return midi::Tick{(bar * 6 + half) * 240}; };
    score.instruments[0].notes.insert(score.instruments[0].notes.end(),
                                      {{at(0), at(4), 60, 80}, {at(4), at(5), 62, 80}, {at(5), at(6), 64, 80}});
  }
  const auto values = by_name(score);
  EXPECT_GT(values.at("repetition 3"), .8);
  EXPECT_LT(values.at("repetition 2"), .2);
  EXPECT_LT(values.at("repetition 4"), .2);
}

TEST(NoteStatistics, DrumsHaveNoPitch) {
  auto score = tune(60, 4);
  score.instruments.push_back({.program = 0,
                               .is_drum = true,
                               .name = "",
                               .notes = {{{0}, {10}, 38, 80}, {{480}, {490}, 38, 80}, {{720}, {730}, 42, 80}, {{730}, {740}, 42, 80}}});
  const auto values = by_name(score);
  EXPECT_EQ(values.at("lowest pitch"), 60);
  EXPECT_EQ(values.at("drums"), .5);
  EXPECT_EQ(values.at("instruments"), 2);
}

TEST(NoteStatistics, HearTheBeginning) {
  auto score = tune(60, 8, 480);
  for (int i = 4; i < 8; ++i) score.instruments[0].notes[static_cast<std::size_t>(i)].pitch = 90;
  EXPECT_EQ(by_name(score, 4).at("highest pitch"), 62);
  EXPECT_EQ(by_name(score, 5).at("highest pitch"), 90);
}

TEST(NoteStatistics, AreTheSameForEveryScore) {
  const auto some = note_statistics(tune(60), 32), none = note_statistics(midi::Score{}, 32);
  ASSERT_EQ(some.size(), none.size());
  for (std::size_t i = 0; i < some.size(); ++i) {
    EXPECT_EQ(some[i].name, none[i].name);
    EXPECT_EQ(none[i].value, 0) << none[i].name;
  }
}

}  // namespace
}  // namespace midillama::classes
