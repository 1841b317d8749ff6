#include "melody/melodies.h"
#include "midillama/melody/key_register.h"
#include "midillama/melody/ngram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace midillama::melody {
namespace {

TEST(NoteModel, InterpolatesAsWittenAndBell) {
  NoteModel model;
  EXPECT_NEAR(model.probability(notes_of({60})), 1 / (128.0 * 96), 1e-15);
  model.learn(notes_of({60, 62, 60, 62, 60, 64}));
  // Of six notes three are 60, of three kinds.
  const double alone = (3 + 3 / (128.0 * 96)) / (6 + 3);
  EXPECT_NEAR(model.probability(notes_of({60})), alone, 1e-12);
  // After 62 came 60 twice and nothing else.
  EXPECT_NEAR(model.probability(notes_of({62, 60})), (2 + 1 * alone) / (2 + 1), 1e-12);
  // What was never heard after these notes is as after fewer of them.
  EXPECT_EQ(model.probability(notes_of({70, 60})), model.probability(notes_of({60})));
  EXPECT_GT(model.probability(notes_of({90})), 0);
}

TEST(NoteModel, ProbabilitiesAddUpToOne) {
  NoteModel model;
  model.learn(notes_of({60, 62, 64, 60, 62, 65}));
  double sum = 0;
  for (std::int64_t pitch = 0; pitch < 128; ++pitch) {
    for (std::int64_t duration = 1; duration <= 96; ++duration) {
      Notes notes = notes_of({60, 62, 64});
      notes.back() = {.bar = 0, .position = 24, .duration = duration, .pitch = pitch};
      sum += model.probability(notes);
    }
  }
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(NgramCompletion, PrefersWhatWasHeardAgain) {
  Phrases phrases = two_phrases_each(30);
  const NgramCompletion model(phrases);
  const Notes heard = notes_of({60, 67, 71, 69, 60, 67, 72, 74});
  const double again = model.score(heard, notes_of({60, 67, 71, 69})), other = model.score(heard, notes_of({61, 68, 73, 70}));
  EXPECT_GT(again, other);
  EXPECT_GT(again, 0) << "likelier after the phrase than by itself";
}

TEST(KeyRegister, IsTheCorrelationOfPitchClassesLessTheDistance) {
  const Notes scale = notes_of({60, 62, 64, 65});
  EXPECT_NEAR(key_register_score(scale, scale), 1, 1e-12);
  EXPECT_NEAR(key_register_score(scale, notes_of({72, 74, 76, 77})), 1 - 1.2, 1e-12);
  // numpy's corrcoef of what each of the twelve classes sounds.
  EXPECT_NEAR(key_register_score(notes_of({60, 62, 64, 66}), notes_of({61, 63, 65, 67})), -0.5 - 0.1, 1e-12);
  EXPECT_NEAR(key_register_score(notes_of({60, 62, 64, 66}), notes_of({60, 63, 65, 64})), 0.25, 1e-12);
}

}  // namespace
}  // namespace midillama::melody
