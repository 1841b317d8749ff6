#include "midillama/melody/phrases.h"

#include "melody/melodies.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/midi/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::melody {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

config::Melody two_bars() {
  config::Melody config;
  config.phrase_bars = 2;
  return config;
}

std::vector<std::int64_t> pitches_of(const Phrase& phrase) {
  std::vector<std::int64_t> pitches;
  for (const Note& note : phrase.notes) pitches.push_back(note.pitch);
  return pitches;
}

TEST(Phrases, AreSoManyBarsAndALastShortOneIsLeftOut) {
  const auto phrases = cut_phrases(quarters({60, 61, 62, 63, 64, 65, 66, 67, 70, 71, 72, 73, 74, 75, 76, 77, 80, 81, 82, 83}), two_bars());
  ASSERT_EQ(phrases.size(), 2u);
  EXPECT_THAT(pitches_of(phrases[0]), ElementsAre(60, 61, 62, 63, 64, 65, 66, 67));
  EXPECT_THAT(pitches_of(phrases[1]), ElementsAre(70, 71, 72, 73, 74, 75, 76, 77));
  EXPECT_EQ(phrases[1].number, 1);
  const Note fifth{.bar = 1, .position = 12, .duration = 12, .pitch = 75};
  EXPECT_EQ(phrases[1].notes[5], fifth);
}

TEST(Phrases, BeginAfterAnUpbeat) {
  midi::Score score = quarters({59, 60, 61, 62, 63, 64, 65, 66, 67, 70});
  score.time_signatures = {{midi::Tick{0}, 1, 4}, {midi::Tick{480}, 4, 4}};
  EXPECT_THAT(pitches_of(cut_phrases(score, two_bars()).at(0)), ElementsAre(60, 61, 62, 63, 64, 65, 66, 67));
  // The same in a whole bar that is silent at first.
  const auto phrases = cut_phrases(quarters({0, 0, 0, 59, 60, 61, 62, 63, 64, 65, 66, 67}), two_bars());
  EXPECT_THAT(pitches_of(phrases.at(0)), ElementsAre(60, 61, 62, 63, 64, 65, 66, 67));
  // A rest of a beat is none.
  EXPECT_THAT(pitches_of(cut_phrases(quarters({0, 61, 62, 63, 64, 65, 66, 67}), two_bars()).at(0)),
              ElementsAre(61, 62, 63, 64, 65, 66, 67));
}

TEST(Phrases, TheMelodyIsOneVoiceOfTheInstrumentThatHasIt) {
  midi::Score score = quarters({72, 74, 76, 77, 79, 77, 76, 74});
  score.instruments.push_back(quarters({36, 36, 36, 36, 36, 36, 36, 36}, 32).instruments[0]);
  midi::Instrument& melody = score.instruments[0];
  melody.notes.push_back({midi::Tick{3}, midi::Tick{4000}, 64, 80});  // below the first note, a little late
  melody.notes[1].end = midi::Tick{2000};                             // held into the next ones
  const auto phrases = cut_phrases(score, two_bars());
  EXPECT_THAT(pitches_of(phrases.at(0)), ElementsAre(72, 74, 76, 77, 79, 77, 76, 74));
  EXPECT_EQ(phrases[0].notes[1].duration, 12);
}

TEST(Phrases, OfFewNotesAreLeftOutAndCounted) {
  config::Melody config = two_bars();
  config.phrase_bars = 1;
  const auto phrases = cut_phrases(quarters({60, 61, 62, 63, 64, 0, 0, 0, 65, 66, 67, 68}), config);
  ASSERT_EQ(phrases.size(), 2u);
  EXPECT_EQ(phrases[1].number, 2);
  EXPECT_TRUE(cut_phrases(midi::Score(), config).empty());
}

TEST(Phrases, AreMusicAgain) {
  const auto phrase = cut_phrases(quarters({60, 61, 62, 63, 64, 65, 66, 67}), two_bars()).at(0);
  const auto again = cut_phrases(to_score(phrase, two_bars()), two_bars());
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].notes, phrase.notes);
}

class ReadPhrases : public testing::Test {
 protected:
  void add(const std::string& name, const std::vector<int>& pitches) {
    const auto file = folder_.path() / (name + ".mid");
    midi::write_midi(quarters(pitches), file);
    pieces_.push_back({.id = name, .file = file, .work = name + " work"});
  }
  Phrases read() const { return read_phrases(pieces_, two_bars(), "test on"); }

  TemporaryDirectory folder_;
  std::vector<pieces::Piece> pieces_;
};

TEST_F(ReadPhrases, PairsAreOfOnePieceAndRepeatsAreNone) {
  const std::vector<int> a = {60, 61, 62, 63, 64, 65, 66, 67}, b = {70, 71, 72, 73, 74, 75, 76, 77};
  std::vector<int> aabab;
  for (const auto* part : {&a, &a, &b, &a, &b}) aabab.insert(aabab.end(), part->begin(), part->end());
  add("one", aabab);
  add("other", a);
  const Phrases phrases = read();
  ASSERT_EQ(phrases.all.size(), 6u);
  EXPECT_EQ(phrases.all[1].id, "one#1");
  EXPECT_EQ(phrases.all[5].work, "other work");
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const Pair& pair : phrases.pairs) pairs.emplace_back(pair.phrase, pair.next);
  EXPECT_THAT(pairs, ElementsAre(std::pair(1u, 2u), std::pair(2u, 3u)));
}

TEST_F(ReadPhrases, ABrokenFileIsLeftOut) {
  add("one", {60, 61, 62, 63, 64, 65, 66, 67, 70, 71, 72, 73, 74, 75, 76, 77});
  pieces_.push_back({.id = "broken", .file = folder_.path() / "broken.mid", .work = "broken"});
  write_atomically(pieces_.back().file, "MThd and no more");
  EXPECT_EQ(read().pairs.size(), 1u);
  pieces_.erase(pieces_.begin());
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("none of the 1 pieces to test on has two phrases of 2 bars"));
}

}  // namespace
}  // namespace midillama::melody
