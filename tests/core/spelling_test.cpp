#include "midillama/core/spelling.h"

#include <gtest/gtest.h>

#include <vector>

namespace midillama {
namespace {

const std::vector<std::string> kKnown = {"train", "eval", "tokenize", "text-tokenize"};

TEST(Spelling, NeighboursThatChangePlacesAreOneSlip) {
  EXPECT_EQ(nearest_word("trian", kKnown), "train");
  EXPECT_EQ(nearest_word("tokenise", kKnown), "tokenize");
  EXPECT_EQ(nearest_word("texttokenize", kKnown), "text-tokenize");
}

TEST(Spelling, WhatIsFarIsNotGuessed) {
  EXPECT_EQ(nearest_word("dance", kKnown), "");
  EXPECT_EQ(nearest_word(std::string(100'000, 'x'), kKnown), "");
  EXPECT_EQ(nearest_word("train", {}), "");
  EXPECT_EQ(did_you_mean("evla", kKnown), " (did you mean eval?)");
}

}  // namespace
}  // namespace midillama
