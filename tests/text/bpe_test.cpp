#include "text/bpe.h"

#include "midillama/core/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::text {
namespace {

using testing::ElementsAre;

std::vector<TokenId> encode(const Bpe& bpe, std::string_view text) {
  std::vector<TokenId> ids;
  Bpe::Scratch scratch;
  bpe.encode(text, ids, scratch);
  return ids;
}

TEST(Bpe, TakesTheLowestRankAndTheLeftmostOfEquals) {
  const std::vector<Merge> merges = {{0, 0, 2, 7}, {0, 1, 3, 5}};
  const Bpe bpe({"a", "b", "aa", "ab"}, merges, {});
  EXPECT_THAT(encode(bpe, "aaaaa"), ElementsAre(2, 2, 0));
  EXPECT_THAT(encode(bpe, "aab"), ElementsAre(0, 3));
}

// Two ways to the same token share its rank, as in a rank file: "aa"+"a" and "a"+"aa".
TEST(Bpe, PairsOfOneRankAreMergedFromTheLeft) {
  const std::vector<Merge> merges = {{0, 0, 1, 1}, {1, 0, 2, 2}, {0, 1, 2, 2}};
  EXPECT_THAT(encode(Bpe({"a", "aa", "aaa"}, merges, {}), "aaaaa"), ElementsAre(1, 2));
}

TEST(Bpe, OfTwoRulesForAPairTheLastOneCounts) {
  const std::vector<Merge> merges = {{0, 1, 2, 0}, {0, 1, 3, 1}};
  EXPECT_THAT(encode(Bpe({"a", "b", "ab", "AB"}, merges, {}), "ab"), ElementsAre(3));
}

// What the definition says, word for word.
std::vector<Symbol> merge_slowly(std::vector<Symbol> symbols, const std::vector<Merge>& merges) {
  while (true) {
    const Merge* best = nullptr;
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      for (const Merge& merge : merges) {
        if (merge.left == symbols[i] && merge.right == symbols[i + 1] && (!best || merge.rank < best->rank)) best = &merge, place = i;
      }
    }
    if (!best) return symbols;
    symbols[place] = best->merged;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

TEST(Bpe, ShortAndLongPiecesFollowTheDefinition) {
  Random random(4);
  std::vector<std::string> tokens = {"a", "b", "c"};
  std::vector<Merge> merges;
  while (tokens.size() < 40) {
    const auto left = static_cast<Symbol>(random.below(tokens.size())), right = static_cast<Symbol>(random.below(tokens.size()));
    const std::string merged = tokens[left] + tokens[right];
    if (std::ranges::find(tokens, merged) != tokens.end()) continue;
    const auto id = static_cast<Symbol>(tokens.size());
    tokens.push_back(merged);
    merges.push_back({left, right, id, id});
  }
  const Bpe bpe(tokens, merges, {});
  for (const std::size_t length : {2, 10, 95, 96, 97, 98, 400}) {
    std::string text;
    std::vector<Symbol> symbols;
    for (std::size_t i = 0; i < length; ++i) {
      symbols.push_back(static_cast<Symbol>(random.below(3)));
      text += tokens[symbols.back()];
    }
    const auto expected = merge_slowly(symbols, merges);
    EXPECT_EQ(encode(bpe, text), std::vector<TokenId>(expected.begin(), expected.end())) << text;
  }
}

}  // namespace
}  // namespace midillama::text
