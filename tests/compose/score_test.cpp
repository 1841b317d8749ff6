#include "midillama/compose/score.h"

#include "compose/golden_tracks.h"
#include "midillama/core/random.h"
#include "midillama/midi/file.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace midillama::compose {
namespace {

using midi::Tick;
using testing::HasSubstr;
using testing_support::error_of;

std::string hexadecimal(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

midi::Score score_of(const Json& row) {
  midi::Score score;
  score.ticks_per_quarter = row["ticks_per_quarter"];
  for (const Json& one : row["instruments"]) {
    auto& instrument = score.instruments.emplace_back();
    instrument.program = one["program"];
    instrument.is_drum = one["drum"];
    instrument.name = one["name"];
    for (const Json& note : one["notes"]) instrument.notes.push_back({Tick{note[0]}, Tick{note[1]}, note[2], note[3]});
  }
  return score;
}

// Notes that overlap, also those of one pitch, and that are there twice.
Tracks crowded_tracks(std::uint64_t seed) {
  Random random(seed);
  Tracks tracks;
  for (auto& track : tracks) {
    for (int i = 0; i < 30; ++i) {
      track.push_back({static_cast<std::int64_t>(random.below(60)) * 240, static_cast<std::int64_t>(36 + random.below(5)),
                       static_cast<std::int64_t>(240 + random.below(700)), static_cast<std::int64_t>(1 + random.below(127))});
      if (random.below(5) == 0) track.push_back(track.back());
    }
    std::ranges::sort(track);
  }
  return tracks;
}

TEST(GoldenCompose, CompatibleFilesAreMidosBytes) {
  for (const Json& row : golden()["compatible"])
    EXPECT_EQ(hexadecimal(compatible_midi(golden_tracks(row["tracks"]))), row["bytes"].get<std::string>());
}

TEST(GoldenCompose, ScoresBecomeTracksByRoleAndGrid) {
  for (const Json& row : golden()["to_json"]) EXPECT_EQ(Json(to_json(from_score(score_of(row), row["parts"]))), row["tracks"]);
}

TEST(ComposeScore, WhatIsWrittenComesBackNoteForNote) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Tracks tracks = crowded_tracks(seed);
    EXPECT_EQ(from_score(midi::parse_midi(fixed_midi(tracks), "written")), tracks) << seed;
  }
}

TEST(ComposeScore, EveryTrackHasAChannelOfItsOwn) {
  Tracks tracks;
  for (auto& track : tracks) track = {{0, 38, 480, 80}};
  const auto bytes = fixed_midi(tracks);
  std::set<int> channels;
  for (std::size_t i = 0; i + 2 < bytes.size(); ++i)
    if ((bytes[i] & 0xf0) == 0x90 && bytes[i + 1] == 38 && bytes[i + 2] == 80) channels.insert(bytes[i] & 0x0f);
  EXPECT_EQ(channels, (std::set<int>{0, 1, 2, 9}));
  const midi::Score score = midi::parse_midi(bytes, "written");
  ASSERT_EQ(score.instruments.size(), 4u);
  EXPECT_EQ(score.instruments[2].program, 33);
  EXPECT_TRUE(score.instruments[3].is_drum);
}

TEST(ComposeScore, ChordsSoundTogetherOnlyWhereTheDefectsAreLeftOut) {
  Tracks tracks;
  track_of(tracks, music::Role::chords) = {{0, 60, 480, 80}, {0, 64, 480, 80}, {0, 67, 480, 80}};
  const auto starts = [](const std::vector<std::uint8_t>& bytes) {
    std::vector<std::int64_t> starts;
    for (const auto& instrument : midi::parse_midi(bytes, "written").instruments)
      for (const midi::Note& note : instrument.notes) starts.push_back(note.start.value);
    return starts;
  };
  EXPECT_THAT(starts(fixed_midi(tracks)), testing::ElementsAre(0, 0, 0));
  EXPECT_THAT(starts(compatible_midi(tracks)), testing::ElementsAre(0, 480, 960));
}

TEST(ComposeScore, RefusesAGridThatDoesNotDivideAQuarterNoteAndWritersThatAreNot) {
  EXPECT_THAT(error_of([] { from_score(midi::Score(), 7); }), HasSubstr("must be a divisor of 480"));
  EXPECT_THAT(error_of([] { from_score(midi::Score(), 0); }), HasSubstr("must be a divisor of 480"));
  EXPECT_THAT(error_of([] { midi_writer("other"); }), HasSubstr("no writer \"other\""));
}

}  // namespace
}  // namespace midillama::compose
