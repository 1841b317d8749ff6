#include "midillama/music/key.h"

#include "midillama/core/file.h"
#include "midillama/midi/file.h"
#include "notes.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace midillama::music {
namespace {

const std::filesystem::path kOpenmsx = "/usr/share/games/openttd/baseset/openmsx";

Json golden() {
  return read_json("tests/golden/music/key.json");
}

midi::Score score_of(const Json& example) {
  std::vector<TestNote> notes;
  for (const auto& note : example.at("notes")) notes.push_back({note.at(0), note.at(1), note.at(2)});
  return music::score_of(notes, example.at("ticks_per_quarter"));
}

Key golden_key(const Json& analysis) {
  return {analysis.at("tonic"), analysis.at("mode") == "minor"};
}

void expect_equal(const midi::Score& score, const Json& analyses, double tolerance) {
  for (const auto& [name, profile] :
       {std::pair{"aarden_essen", KeyProfile::aarden_essen}, {"krumhansl_kessler", KeyProfile::krumhansl_kessler}}) {
    const auto estimate = estimate_key(score, profile);
    ASSERT_TRUE(estimate);
    EXPECT_EQ(estimate->key, golden_key(analyses.at(name))) << name;
    EXPECT_NEAR(estimate->correlation, analyses.at(name).at("r").get<double>(), tolerance) << name;
  }
}

TEST(GoldenKey, EqualsMusic21OnRandomNotes) {
  const auto examples = golden().at("random");
  ASSERT_GE(examples.size(), 50u);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    SCOPED_TRACE(i);
    expect_equal(score_of(examples[i]), examples[i].at("key"), 1e-9);
  }
}

TEST(GoldenKey, EqualsMusic21OnTheNotesOfFiles) {
  if (!std::filesystem::exists(kOpenmsx)) GTEST_SKIP() << "openttd-openmsx is not installed";
  const auto files = golden().at("openmsx");
  ASSERT_EQ(files.size(), 31u);
  for (const auto& [name, analyses] : files.items()) {
    SCOPED_TRACE(name);
    expect_equal(midi::read_midi(kOpenmsx / name), analyses.at("given"), 1e-9);
  }
}

// music21's converter moves notes to a grid before; the keys are the same all the same.
TEST(GoldenKey, FindsTheKeysThatMusic21FindsInFiles) {
  if (!std::filesystem::exists(kOpenmsx)) GTEST_SKIP() << "openttd-openmsx is not installed";
  const auto files = golden().at("openmsx");
  ASSERT_EQ(files.size(), 31u);
  for (const auto& [name, analyses] : files.items()) {
    SCOPED_TRACE(name);
    const auto estimate = estimate_key(midi::read_midi(kOpenmsx / name));
    const auto& converted = analyses.at("converted").at("aarden_essen");
    ASSERT_TRUE(estimate);
    EXPECT_EQ(estimate->key, golden_key(converted));
    EXPECT_NEAR(estimate->correlation, converted.at("r").get<double>(), 0.03);
  }
}

TEST(Key, IsNamedInWords) {
  EXPECT_EQ(name(Key{0, false}), "C major");
  EXPECT_EQ(name(Key{10, false}), "B flat major");
  EXPECT_EQ(name(Key{6, true}), "F sharp minor");
  EXPECT_EQ(name(Key{3, true}), "E flat minor");
}

TEST(Key, WeighsNotesByTheirLength) {
  const auto durations = pitch_class_durations(music::score_of({{0, 480, 60}, {480, 720, 72}, {0, 960, 67}}));
  EXPECT_DOUBLE_EQ(durations[0], 1.5);
  EXPECT_DOUBLE_EQ(durations[7], 2.0);
  EXPECT_DOUBLE_EQ(durations[1], 0.0);
}

TEST(Key, LeavesDrumsOut) {
  auto score = music::score_of({{0, 480, 60}});
  score.instruments[0].is_drum = true;
  EXPECT_FALSE(estimate_key(score));
}

TEST(Key, HasNoneWithoutNotes) {
  EXPECT_FALSE(estimate_key(midi::Score{}));
}

// Every key correlates equally with twelve equal weights: music21 then answers B minor.
TEST(Key, BreaksTiesAsMusic21Does) {
  std::vector<TestNote> notes;
  for (int pitch = 60; pitch < 72; ++pitch) notes.push_back({0, 480, pitch});
  EXPECT_EQ(estimate_key(music::score_of(notes))->key, (Key{11, true}));
}

}  // namespace
}  // namespace midillama::music
