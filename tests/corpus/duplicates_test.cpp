#include "midillama/corpus/duplicates.h"

#include "tunes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace midillama::corpus {
namespace {

using testing::ElementsAre;

Piece piece(midi::Score score, Facts labels = {}) {
  Piece result;
  result.score = std::move(score);
  result.melody = melody_of(result.score);
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

// Kind B14.
TEST(Families, AnArrangementStaysBesideItsTune) {
  const auto tune = random_score(1, 128);
  auto descant = tune, accompanied = tune;
  auto high = random_score(9, 64, 24, 480), chords = score_of({});
  descant.instruments.push_back(high.instruments[0]);
  for (std::int64_t beat = 0; beat < 60; ++beat) {
    for (const int pitch : {96, 100, 103}) {
      chords.instruments[0].notes.push_back(
          {midi::Tick{beat * 480}, midi::Tick{beat * 480 + 400}, static_cast<std::uint8_t>(pitch + beat % 4), 80});
    }
  }
  accompanied.instruments.insert(accompanied.instruments.begin(), chords.instruments[0]);
  auto other = random_score(4, 128);
  other.instruments.push_back(chords.instruments[0]);
  const auto families = find_families({piece(tune), piece(descant), piece(accompanied), piece(other)}, 0.4, 0.35);
  EXPECT_EQ(families.family[0], families.family[1]);
  EXPECT_EQ(families.family[0], families.family[2]);
  EXPECT_NE(families.family[0], families.family[3]);
}

TEST(MelodicPhrases, OfAnAccompanimentThatRepeatsItselfAreNone) {
  auto score = score_of(std::vector<int>(100, 90));
  std::vector<int> broken_chord;
  for (int bar = 0; bar < 12; ++bar) broken_chord.insert(broken_chord.end(), {48, 55, 52, 57, 53, 55});
  score.instruments.push_back(score_of(broken_chord).instruments[0]);
  EXPECT_TRUE(melodic_phrases(score).empty());
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

// A piano piece: a melody over chords, an eighth note a step, on a grid.
midi::Score written_work(std::uint64_t seed, std::size_t notes = 240) {
  auto score = random_score(seed, notes);
  auto& all = score.instruments[0].notes;
  for (std::size_t i = 0; i < notes; i += 4) {
    for (const int below : {12, 16, 19}) {
      const auto& top = all[i];
      all.push_back({top.start, top.start + midi::Tick{900}, static_cast<std::uint8_t>(top.pitch - below - 12), 60});
    }
  }
  return score;
}

struct Performance {
  std::uint64_t seed = 1;
  int transposed = 0;
  double rubato = 0.3;        // how much faster and slower it gets
  std::size_t ornament = 17;  // one note in so many gets a mordent
  std::size_t slip = 61;      // ... is a wrong one
  std::size_t cut_from = 0;   // notes left out at the beginning
};

// The work as someone plays it: times in milliseconds, chords spread from below, hands apart.
midi::Score played(const midi::Score& work, const Performance& how) {
  Random random(how.seed);
  midi::Score score;
  score.ticks_per_quarter = 384;
  score.instruments.emplace_back();
  auto notes = work.instruments[0].notes;
  std::sort(notes.begin(), notes.end());
  const auto ticks = [](double seconds) { return midi::Tick{static_cast<std::int64_t>(std::llround(seconds * 768))}; };  // 120 BPM
  const auto time_of = [&](midi::Tick tick) {
    const double beats = static_cast<double>(tick.value) / 480;
    return 1 + beats * 0.55 + how.rubato * std::sin(beats / 7);
  };
  const auto add = [&](double start, double length, int pitch) {
    score.instruments[0].notes.push_back({ticks(start), ticks(start + length), static_cast<std::uint8_t>(pitch + how.transposed), 80});
  };
  std::size_t melody = 0;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const auto& note = notes[i];
    const bool top = note.velocity == 80;
    if (top && ++melody < how.cut_from) continue;
    double start = time_of(note.start) + random.uniform() * 0.012;
    if (top) {
      start += 0.03;  // after the chord below it
      if (how.ornament != 0 && melody % how.ornament == 0) {
        add(start, 0.06, note.pitch);
        add(start + 0.07, 0.06, note.pitch + 1);
        start += 0.14;
      }
      const bool wrong = how.slip != 0 && melody % how.slip == 0;
      add(start, 0.2, wrong ? note.pitch + 1 : note.pitch);
    } else {
      add(start - 0.01, 0.4, note.pitch);
    }
  }
  std::sort(score.instruments[0].notes.begin(), score.instruments[0].notes.end());
  return score;
}

TEST(Performances, AreRecognisedWhateverThePlayerDoes) {
  const auto work = written_work(7);
  ASSERT_FALSE(melody_of(work).performed);
  const std::vector<Performance> ways = {{.seed = 2},
                                         {.seed = 3, .transposed = 3},
                                         {.seed = 4, .rubato = 0.8},
                                         {.seed = 5, .ornament = 7},
                                         {.seed = 6, .slip = 9},
                                         {.seed = 7, .cut_from = 100}};
  for (const auto& way : ways) {
    const auto performance = played(work, way);
    EXPECT_TRUE(melody_of(performance).performed);
    const auto with_score = find_families({piece(work), piece(performance)}, 0.4, 0.35);
    EXPECT_EQ(with_score.family[0], with_score.family[1]) << "seed " << way.seed;
    const auto with_other = find_families({piece(played(work, {.seed = 20})), piece(performance)}, 0.4, 0.35);
    EXPECT_EQ(with_other.family[0], with_other.family[1]) << "seed " << way.seed;
  }
  EXPECT_THAT(find_families({piece(played(work, ways[0])), piece(played(work, ways[1]))}, 0.4, 0.35).kept_as, ElementsAre(0, 0));
}

TEST(Performances, DifferentWorksAreNoCopies) {
  std::vector<Piece> pieces;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) pieces.push_back(piece(played(written_work(seed, 400), {.seed = seed})));
  const auto families = find_families(pieces, 0.4, 0.35);
  for (std::size_t i = 0; i < pieces.size(); ++i) EXPECT_EQ(families.family[i], i);
}

// Broken chords up and down, as piano music is full of.
TEST(Performances, APassageInCommonMakesNoFamily) {
  std::vector<Piece> pieces;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    auto score = played(written_work(seed, 400), {.seed = seed});
    auto& notes = score.instruments[0].notes;
    const auto end = score.end().value;
    for (int i = 0; i < 32; ++i) {
      constexpr int kChord[] = {60, 64, 67, 72, 76, 72, 67, 64};
      const midi::Tick start{end + 401 + 77 * i};
      notes.push_back({start, start + midi::Tick{70}, static_cast<std::uint8_t>(kChord[i % 8]), 80});
    }
    pieces.push_back(piece(score));
    ASSERT_TRUE(pieces.back().melody.performed);
  }
  const auto families = find_families(pieces, 0.4, 0.35);
  for (std::size_t i = 0; i < pieces.size(); ++i) EXPECT_EQ(families.family[i], i);
}

TEST(Families, PiecesOfOneWorkStayTogether) {
  auto one = piece(random_score(1, 64)), other = piece(random_score(2, 64)), third = piece(random_score(3, 64));
  one.work = other.work = "ada berg: waltz";
  const auto families = find_families({third, one, other}, 0.4, 0.35);
  EXPECT_THAT(families.family, ElementsAre(0, 1, 1));
  EXPECT_THAT(families.kept_as, ElementsAre(0, 1, 2)) << "they are no copies";
}

TEST(Families, TheCopyThatIsKeptGivesClips) {
  auto short_one = piece(random_score(1, 64), {{"dance", "reel"}, {"key", "D major"}});
  auto whole = piece(random_score(1, 64));
  whole.clips.resize(1);
  EXPECT_THAT(find_families({short_one, whole}, 0.4, 0.35).kept_as, ElementsAre(1, 1));
}

}  // namespace
}  // namespace midillama::corpus
