#include "midillama/corpus/clips.h"

#include "tunes.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::corpus {
namespace {

// Eighth notes at 120 BPM: four notes a second; bars of two seconds behind a pickup of `pickup` notes.
Piece piece(double seconds, std::int64_t pickup = 0) {
  Piece result;
  result.score = random_score(1, static_cast<std::size_t>(seconds * 4));
  for (auto line = midi::Tick{pickup * 240}; line < result.score.end(); line.value += 1920) result.bar_lines.push_back(line);
  return result;
}

bool is_bar_line(const Piece& piece, midi::Tick tick) {
  return tick == piece.score.end() || std::find(piece.bar_lines.begin(), piece.bar_lines.end(), tick) != piece.bar_lines.end();
}

TEST(Clips, BeginningMiddleAndEndOfALongPiece) {
  const auto clips = choose_clips(piece(100), {});
  ASSERT_EQ(clips.size(), 3u);
  EXPECT_DOUBLE_EQ(clips[0].start.value, 0);
  EXPECT_DOUBLE_EQ(clips[0].end.value, 20);
  EXPECT_DOUBLE_EQ(clips[1].start.value, 40);
  EXPECT_DOUBLE_EQ(clips[2].start.value, 80);
  EXPECT_DOUBLE_EQ(clips[2].end.value, 100);
}

// Kinds B12 and C20: what is left out is told by its true reason.
TEST(Clips, APieceWithoutOneSaysWhy) {
  EXPECT_EQ(why_without_clips(piece(4), {}), "is 4.0 s long, and a clip at least 5 s");
  config::Corpus many_notes;
  many_notes.min_clip_notes = 200;
  EXPECT_EQ(why_without_clips(piece(40), many_notes), "has 160 notes, and a clip at least 200");
  auto off_the_grid = piece(40);
  off_the_grid.bar_lines = {off_the_grid.score.end() - midi::Tick{960}};
  EXPECT_TRUE(choose_clips(off_the_grid, {}).empty());
  EXPECT_TRUE(why_without_clips(off_the_grid, {}).ends_with("do its bars fill its meter?"));
  auto in_frames = piece(40);
  in_frames.score.smpte = midi::SmpteDivision{};
  EXPECT_TRUE(choose_clips(in_frames, {}).empty());
  EXPECT_TRUE(why_without_clips(in_frames, {}).starts_with("the file is timed in SMPTE frames"));
}

TEST(Clips, AreFewerInShortPieces) {
  EXPECT_EQ(choose_clips(piece(59), {}).size(), 2u);
  EXPECT_EQ(choose_clips(piece(39), {}).size(), 1u);
  const auto shortest = choose_clips(piece(8), {});
  ASSERT_EQ(shortest.size(), 1u);
  EXPECT_DOUBLE_EQ(shortest[0].end.value, 8);
}

TEST(Clips, LieOnBarLinesAndDoNotOverlap) {
  for (const double seconds : {41.0, 61.5, 77.25, 120.75}) {
    const auto music = piece(seconds, 3);
    const auto clips = choose_clips(music, {});
    for (std::size_t i = 0; i < clips.size(); ++i) {
      EXPECT_TRUE(is_bar_line(music, clips[i].from)) << seconds;
      EXPECT_TRUE(is_bar_line(music, clips[i].to)) << seconds;
      EXPECT_LE(clips[i].end.value - clips[i].start.value, 20.001) << seconds;
      const auto previous_end = i == 0 ? midi::Tick{0} : clips[i - 1].to;
      EXPECT_GE(clips[i].from, previous_end) << seconds;
    }
    EXPECT_EQ(clips.back().to, music.score.end()) << seconds;
  }
}

TEST(Clips, StartBehindThePickup) {
  EXPECT_EQ(choose_clips(piece(30, 3), {}).at(0).from, midi::Tick{720});
}

TEST(Clips, AreCutInBarsLongerThanAClip) {
  auto music = piece(50);
  music.bar_lines = {midi::Tick{0}};
  const auto clips = choose_clips(music, {});
  ASSERT_EQ(clips.size(), 1u);
  EXPECT_DOUBLE_EQ(clips[0].end.value, 20);
}

TEST(Clips, WithoutBarLinesStartAtTheBeginning) {
  auto music = piece(15);
  music.bar_lines.clear();
  EXPECT_EQ(choose_clips(music, {}).at(0).from, midi::Tick{0});
}

TEST(Clips, TooShortOrTooFewNotesAreLeftOut) {
  EXPECT_TRUE(choose_clips(piece(4.5), {}).empty());
  config::Corpus config;
  config.min_clip_notes = 33;
  EXPECT_TRUE(choose_clips(piece(8), config).empty());
  config.min_clip_notes = 32;
  EXPECT_EQ(choose_clips(piece(8), config).size(), 1u);
}

TEST(Clips, FollowTheConfiguration) {
  config::Corpus config;
  config.clip_seconds = 10;
  config.clips_per_piece = 5;
  EXPECT_EQ(choose_clips(piece(100), config).size(), 5u);
}

// A meter whose beats are shorter than a 64th note has no octuple.
TEST(Clips, SuchAsCannotBeEncodedAreLeftOut) {
  auto music = piece(16);
  music.score.time_signatures = {{midi::Tick{0}, 3, 128}};
  EXPECT_TRUE(choose_clips(music, {}).empty());
  music.score.time_signatures = {{midi::Tick{0}, 3, 64}};
  EXPECT_EQ(choose_clips(music, {}).size(), 1u);
}

}  // namespace
}  // namespace midillama::corpus
