#include "midillama/corpus/duplicates.h"

#include "tunes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::corpus {
namespace {

using testing::ElementsAre;

Piece piece(midi::Score score, Facts labels = {}) {
  Piece result;
  result.score = std::move(score);
  result.labels = std::move(labels);
  return result;
}

midi::Score score_of(const std::vector<int>& pitches) {
  midi::Score score;
  score.instruments.emplace_back();
  for (std::size_t i = 0; i < pitches.size(); ++i) {
    const auto start = static_cast<std::int64_t>(i) * 240;
    score.instruments[0].notes.push_back({midi::Tick{start}, midi::Tick{start + 240}, static_cast<std::uint8_t>(pitches[i]), 80});
  }
  return score;
}

midi::Score twice(midi::Score score) {
  const auto end = score.end();
  auto notes = score.instruments[0].notes;
  for (auto& note : notes) {
    note.start = note.start + end;
    note.end = note.end + end;
  }
  auto& all = score.instruments[0].notes;
  all.insert(all.end(), notes.begin(), notes.end());
  return score;
}

// Every `n`th note a step up.
midi::Score varied(midi::Score score, std::size_t n) {
  auto& notes = score.instruments[0].notes;
  for (std::size_t i = n; i < notes.size(); i += n) ++notes[i].pitch;
  return score;
}

TEST(MelodicFigures, DoNotChangeWithTranspositionAndNoteValues) {
  const auto figures = melodic_figures(random_score(1, 100));
  EXPECT_GT(figures.size(), 80u);
  EXPECT_EQ(figures, melodic_figures(random_score(1, 100, 5)));
  EXPECT_EQ(figures, melodic_figures(random_score(1, 100, -12)));
  EXPECT_EQ(figures, melodic_figures(random_score(1, 100, 0, 120)));
}

TEST(MelodicFigures, TakeRepeatedPitchesOnce) {
  EXPECT_EQ(melodic_figures(score_of({60, 60, 62, 64, 64, 64, 62, 65, 67, 60})), melodic_figures(score_of({60, 62, 64, 62, 65, 67, 60})));
}

TEST(MelodicFigures, FollowTheHighestNoteAndNoDrums) {
  auto score = score_of({72, 74, 76, 74, 77, 79, 72});
  const auto melody = melodic_figures(score);
  score.instruments.push_back(score.instruments[0]);
  for (auto& note : score.instruments[1].notes) note.pitch = 48;
  score.instruments.push_back(score.instruments[1]);
  score.instruments[2].is_drum = true;
  for (auto& note : score.instruments[2].notes) note.pitch = 100;
  EXPECT_EQ(melodic_figures(score), melody);
}

TEST(MelodicFigures, AreNoneInShortPieces) {
  EXPECT_TRUE(melodic_figures(score_of({60, 62, 64, 65, 67, 69})).empty());
  EXPECT_TRUE(melodic_figures(midi::Score{}).empty());
}

TEST(MelodicPhrases, LeaveScalesAndTrillsOut) {
  std::vector<int> scale;
  for (int pitch = 40; pitch < 80; ++pitch) scale.push_back(pitch);
  EXPECT_TRUE(melodic_phrases(score_of(scale)).empty());
  EXPECT_GT(melodic_phrases(random_score(1, 100)).size(), 50u);
}

TEST(SimilarPairs, MeasureSharedFigures) {
  const auto pairs = similar_pairs({{1, 2, 3, 4}, {3, 4}, {9}, {}}, 0.1);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].first, 0u);
  EXPECT_EQ(pairs[0].second, 1u);
  EXPECT_DOUBLE_EQ(pairs[0].jaccard, 0.5);
  EXPECT_DOUBLE_EQ(pairs[0].overlap, 1.0);
}

TEST(Families, OneTuneInOtherKeysWithRepeatsAndVariants) {
  const auto base = random_score(1, 128);
  const auto families = find_families(
      {piece(base), piece(random_score(2, 128)), piece(random_score(1, 128, 3)), piece(twice(base)), piece(varied(base, 40))}, 0.4, 0.35);
  EXPECT_THAT(families.kept_as, ElementsAre(0, 1, 0, 0, 0));
}

TEST(Families, TheCopyWithMostLabelsIsKept) {
  const auto families = find_families({piece(random_score(1, 64)), piece(random_score(1, 64, 2), {{"dance", "reel"}, {"key", "D major"}}),
                                       piece(random_score(1, 64, 4), {{"key", "E major"}})},
                                      0.4, 0.35);
  EXPECT_THAT(families.kept_as, ElementsAre(1, 1, 1));
}

TEST(Families, ASharedPhraseKeepsPiecesTogether) {
  auto medley = random_score(2, 200);
  const auto other = random_score(1, 200);
  for (std::size_t i = 0; i < 24; ++i) medley.instruments[0].notes[i].pitch = other.instruments[0].notes[i].pitch;
  const auto families = find_families({piece(other), piece(medley), piece(random_score(3, 200))}, 0.4, 0.35);
  EXPECT_THAT(families.kept_as, ElementsAre(0, 1, 2));
  EXPECT_EQ(families.family[0], families.family[1]);
  EXPECT_NE(families.family[0], families.family[2]);
}

}  // namespace
}  // namespace midillama::corpus
