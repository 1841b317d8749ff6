#include "midillama/music/texture.h"

#include "notes.h"

#include <gtest/gtest.h>

namespace midillama::music {
namespace {

TEST(Texture, NotesThatSoundTogetherCountWhileAnySounds) {
  EXPECT_DOUBLE_EQ(*polyphony(score_of({{0, 480, 60}, {960, 1440, 62}})), 1.0) << "the rest between is no time of theirs";
  EXPECT_DOUBLE_EQ(*polyphony(score_of({{0, 480, 60}, {0, 480, 64}, {0, 480, 67}})), 3.0);
  EXPECT_DOUBLE_EQ(*polyphony(score_of({{0, 960, 60}, {480, 960, 64}})), 1.5);
  EXPECT_DOUBLE_EQ(*polyphony(score_of({{0, 960, 60}, {240, 480, 64}, {960, 1200, 62}})), 1.2) << "a short note within a long one";
  EXPECT_FALSE(polyphony(score_of({{0, 0, 60}})));
}

TEST(Texture, ArticulationIsTheShareOfTheTimeToTheNextOnset) {
  EXPECT_DOUBLE_EQ(*articulation(score_of({{0, 480, 60}, {480, 960, 62}, {960, 1440, 64}})), 1.0);
  EXPECT_DOUBLE_EQ(*articulation(score_of({{0, 120, 60}, {480, 600, 62}, {960, 1080, 64}})), 0.25);
  EXPECT_DOUBLE_EQ(*articulation(score_of({{0, 960, 60}, {480, 1440, 62}, {960, 1440, 64}})), 2.0) << "notes that overlap";
  // A spread chord, 20 ms a note, is one onset; the longest of its notes counts.
  EXPECT_NEAR(*articulation(score_of({{0, 100, 60}, {19, 480, 64}, {38, 100, 67}, {960, 1440, 62}})), 0.5, 1e-9);
  EXPECT_FALSE(articulation(score_of({{0, 480, 60}})));
}

TEST(Texture, DynamicsAndRangeLeaveDrumsOut) {
  auto score = score_of({{0, 480, 60}, {0, 480, 72}});
  score.instruments[0].notes[0].velocity = 60;
  score.instruments[0].notes[1].velocity = 100;
  score.instruments.push_back(score.instruments[0]);
  score.instruments[1].is_drum = true;
  score.instruments[1].notes[0] = {midi::Tick{0}, midi::Tick{480}, 20, 127};
  EXPECT_DOUBLE_EQ(dynamics(score)->mean, 80.0);
  EXPECT_DOUBLE_EQ(dynamics(score)->deviation, 20.0);
  EXPECT_EQ(pitch_register(score)->lowest, 60);
  EXPECT_EQ(pitch_register(score)->highest, 72);
  EXPECT_DOUBLE_EQ(pitch_register(score)->mean, 66.0);
  EXPECT_DOUBLE_EQ(*polyphony(score), 2.0);
  score.instruments.erase(score.instruments.begin());
  EXPECT_FALSE(dynamics(score));
  EXPECT_FALSE(pitch_register(score));
}

TEST(Texture, ThePedalCountsUpToTheLastNote) {
  midi::Performance performance{score_of({{0, 960, 60}}), {}};
  EXPECT_FALSE(pedal_share(performance)) << "the file says nothing of it";
  performance.pedal = {{midi::Tick{240}, 0, true}, {midi::Tick{480}, 0, false}, {midi::Tick{720}, 0, true}, {midi::Tick{4800}, 0, false}};
  EXPECT_DOUBLE_EQ(*pedal_share(performance), 0.5);
  performance.pedal = {{midi::Tick{0}, 0, true}, {midi::Tick{240}, 1, true}, {midi::Tick{480}, 0, false}, {midi::Tick{720}, 1, false}};
  EXPECT_DOUBLE_EQ(*pedal_share(performance), 0.75) << "two channels";
}

}  // namespace
}  // namespace midillama::music
