#include "midillama/classes/piano_roll.h"

#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::classes {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::error_of;

config::PianoRoll config_of(const std::string& channels) {
  return {.channels = channels, .steps_per_quarter = 2, .quarters = 3, .lowest_pitch = 60, .pitches = 4};
}

// A melody that begins a quarter late, chords, and drums. 480 ticks a quarter: a step has 240.
midi::Score score() {
  midi::Score score;
  score.instruments.push_back({.program = 0,
                               .is_drum = false,
                               .name = "lead",
                               .notes = {{{480}, {960}, 60, 127}, {{961}, {1700}, 62, 64}, {{1920}, {2000}, 61, 80}}});
  score.instruments.push_back(
      {.program = 0, .is_drum = false, .name = "chords", .notes = {{{480}, {490}, 63, 80}, {{480}, {490}, 200 - 140, 80}}});
  score.instruments.push_back({.program = 0, .is_drum = true, .name = "", .notes = {{{600}, {610}, 61, 80}}});
  return score;
}

TEST(RollNotes, AreByRoleFromTheFirstNoteOn) {
  EXPECT_THAT(roll_notes(score(), config_of("roles")),
              ElementsAre(RollNote{0, 0, 2, 60, false, 1}, RollNote{0, 2, 5, 62, false, 1}, RollNote{0, 6, 7, 61, false, 1},
                          RollNote{1, 0, 1, 63, false, 1}, RollNote{1, 0, 1, 60, false, 1}, RollNote{3, 1, 2, 61, true, 1}));
  EXPECT_THAT(roll_notes(midi::Score{}, config_of("roles")), IsEmpty());
}

TEST(RollNotes, MayShareAChannelAndHaveVelocities) {
  config::PianoRoll config = config_of("one");
  config.velocity = true;
  const auto notes = roll_notes(score(), config);
  ASSERT_EQ(notes.size(), 6u);
  for (const RollNote& note : notes) EXPECT_EQ(note.channel, 0);
  EXPECT_FLOAT_EQ(notes[0].worth, 1);
  EXPECT_FLOAT_EQ(notes[1].worth, 64.f / 127);
}

std::vector<float> drawn(const std::vector<RollNote>& notes, const RollChange& change) {
  const config::PianoRoll config = config_of("one");
  std::vector<float> roll(static_cast<std::size_t>(shape_of(config).size()));
  draw(notes, config, change, roll);
  return roll;
}

// Where something is, as step * 4 + pitch.
std::vector<std::size_t> places(const std::vector<float>& roll) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < roll.size(); ++i) {
    if (roll[i] != 0) places.push_back(i);
  }
  return places;
}

TEST(Draw, ANoteBeginsAndGoesOn) {
  const auto roll = drawn({{0, 1, 3, 62, false, .8f}}, {});
  EXPECT_THAT(places(roll), ElementsAre(1 * 4 + 2, 2 * 4 + 2));
  EXPECT_THAT(roll[1 * 4 + 2], FloatEq(.8f));
  EXPECT_THAT(roll[2 * 4 + 2], FloatEq(.4f));
  EXPECT_THAT(drawn({{0, 1, 3, 62, false, .8f}, {0, 2, 3, 62, false, .8f}}, {})[2 * 4 + 2], FloatEq(.8f)) << "repeated, not held";
}

TEST(Draw, TransposesPitchesAndNotDrums) {
  EXPECT_THAT(places(drawn({{0, 0, 1, 60, false, 1}, {0, 1, 2, 60, true, 1}}, {.shift = 3})), ElementsAre(3, 4));
}

TEST(Draw, LeavesOutWhatIsBeyondThePicture) {
  EXPECT_THAT(places(drawn({{0, 0, 1, 59, false, 1}, {0, 0, 1, 64, false, 1}, {0, 0, 1, 63, false, 1}}, {.shift = 1})), ElementsAre(0));
  EXPECT_THAT(places(drawn({{0, 5, 9, 60, false, 1}}, {})), ElementsAre(5 * 4));
  std::vector<float> small(3);
  EXPECT_THAT(error_of([&] { draw({}, config_of("one"), {}, small); }), HasSubstr("a picture of 3 numbers"));
}

TEST(Draw, MayBeginLater) {
  const auto roll =
      drawn({{0, 0, 2, 60, false, 1}, {0, 1, 4, 61, false, 1}, {0, 7, 8, 62, false, 1}, {0, 8, 9, 63, false, 1}}, {.start = 2});
  EXPECT_THAT(places(roll), ElementsAre(0 * 4 + 1, 1 * 4 + 1, 5 * 4 + 2));
  EXPECT_THAT(roll[1], FloatEq(.5f)) << "goes on";
  EXPECT_THAT(roll[5 * 4 + 2], FloatEq(1)) << "begins";
}

TEST(RollShape, HasAChannelARole) {
  EXPECT_EQ(shape_of(config_of("roles")).channels, 4);
  EXPECT_EQ(shape_of(config_of("roles")).size(), 4 * 6 * 4);
}

}  // namespace
}  // namespace midillama::classes
