#include "midillama/melody/tokens.h"

#include "melody/melodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::melody {
namespace {

using testing::Each;
using testing::ElementsAre;
using Ids = std::vector<std::int64_t>;

Ids token(const PairTokens& tokens, std::int64_t place) {
  const auto begin = tokens.ids.begin() + place * kTokenFields;
  return {begin, begin + kTokenFields};
}

TEST(PairTokens, AreAVectorOfFieldsANote) {
  const config::Melody config;
  const Vocabulary vocabulary(config);
  const PairTokens tokens = pair_tokens(notes_of({60, 64}), notes_of({62, 62, 50}), 1, config);
  EXPECT_EQ(tokens.tokens(), 8);
  EXPECT_EQ(tokens.ids.size(), 8u * kTokenFields);
  EXPECT_THAT(token(tokens, 0), Each(Vocabulary::kBegin));
  EXPECT_THAT(token(tokens, 3), Each(Vocabulary::kNext));
  EXPECT_THAT(token(tokens, 7), Each(Vocabulary::kEnd));
  const Ids first = token(tokens, 1), second = token(tokens, 2), other = token(tokens, 6);
  EXPECT_EQ(first[kPitchField], vocabulary.pitches().first + 61);
  EXPECT_EQ(first[kDurationField], vocabulary.durations().first + 11);
  EXPECT_EQ(second[1] - token(tokens, 5)[1], 4) << "four semitones up, and the same note again";
  EXPECT_EQ(token(tokens, 5)[1] - other[1], 12);
  EXPECT_EQ(first[1], token(tokens, 4)[1]) << "the first note of a phrase comes from nowhere";
  EXPECT_EQ(second[2] - first[2], 12) << "a quarter later in the bar";
  EXPECT_EQ(other[5] - first[5], 1);
  EXPECT_LT(*std::ranges::max_element(tokens.ids), vocabulary.size());
}

TEST(PairTokens, WhatIsOutOfRangeIsHeldWithin) {
  const config::Melody config;
  const Vocabulary vocabulary(config);
  const Notes extremes = {{.bar = 99, .position = 9999, .duration = 9999, .pitch = 127},
                          {.bar = 99, .position = 0, .duration = 1, .pitch = 0}};
  const PairTokens tokens = pair_tokens(extremes, extremes, 5, config);
  EXPECT_EQ(token(tokens, 1)[kPitchField], vocabulary.pitches().first + 127);
  EXPECT_LT(*std::ranges::max_element(tokens.ids), vocabulary.size());
  EXPECT_GE(*std::ranges::min_element(tokens.ids), 0);
}

TEST(PairTokens, LongPhrasesAreCutAtTheirEnds) {
  config::Melody config;
  config.max_length = 16;
  const Notes many = notes_of(Ids(20, 60)), few = notes_of(Ids(2, 60));
  EXPECT_EQ(pair_tokens(many, few, 0, config).tokens(), 6 + 2 + 3);
  EXPECT_EQ(count_pair_tokens(many, few, config), 11);
  EXPECT_EQ(pair_tokens(many, many, 0, config).tokens(), 15);
}

}  // namespace
}  // namespace midillama::melody
