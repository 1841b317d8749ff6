// How a global batch is divided over ranks and passes.
#include "train/batch.h"

#include "midillama/core/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace midillama::train {
namespace {

using testing::ElementsAre;

std::vector<SizedDraw> draws_of(const std::vector<std::int64_t>& tokens) {
  std::vector<SizedDraw> draws;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    draws.push_back({{Split::train, static_cast<std::int64_t>(i), i}, tokens[i], tokens[i]});
  }
  return draws;
}

std::vector<SizedDraw> random_draws(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int64_t> tokens(count);
  for (auto& length : tokens) length = 20 + static_cast<std::int64_t>(random.below(100));
  return draws_of(tokens);
}

std::vector<std::int64_t> tokens_of(const std::vector<SizedDraw>& draws) {
  std::vector<std::int64_t> tokens;
  for (const SizedDraw& draw : draws) tokens.push_back(draw.tokens);
  return tokens;
}

std::vector<std::vector<std::int64_t>> tokens_of(const std::vector<std::vector<SizedDraw>>& parts) {
  std::vector<std::vector<std::int64_t>> tokens;
  for (const auto& part : parts) tokens.push_back(tokens_of(part));
  return tokens;
}

std::int64_t sum(const std::vector<std::int64_t>& values) {
  std::int64_t total = 0;
  for (const std::int64_t value : values) total += value;
  return total;
}

TEST(Batch, RanksGetEqualWork) {
  EXPECT_THAT(tokens_of(deal(draws_of({10, 90, 30, 40, 20}), 2)), ElementsAre(ElementsAre(90, 10), ElementsAre(40, 30, 20)));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto draws = random_draws(16, seed);
    std::vector<std::int64_t> sums;
    for (const auto& part : deal(draws, 4)) sums.push_back(sum(tokens_of(part)));
    EXPECT_EQ(sum(sums), sum(tokens_of(draws)));
    EXPECT_LE(std::ranges::max(sums) - std::ranges::min(sums), 60) << seed;
  }
}

TEST(Batch, WorkIsDealtAndNotTokens) {
  auto draws = draws_of({40, 40, 10, 10});
  draws[2].work = draws[3].work = 90;  // short examples with many targets
  EXPECT_THAT(tokens_of(deal(draws, 2)), ElementsAre(ElementsAre(10, 40), ElementsAre(10, 40)));
}

TEST(Batch, EveryRankGetsAnExample) {
  for (const auto& part : deal(draws_of({1000, 1, 1}), 3)) EXPECT_EQ(part.size(), 1u);
}

TEST(Batch, APassHoldsSoManyExamplesAndTokens) {
  const auto draws = draws_of({20, 100, 30, 50, 25});
  EXPECT_THAT(tokens_of(cut(draws, 0, 0)), ElementsAre(ElementsAre(100, 50, 30, 25, 20)));
  EXPECT_THAT(tokens_of(cut(draws, 2, 0)), ElementsAre(ElementsAre(100, 50), ElementsAre(30, 25), ElementsAre(20)));
  EXPECT_THAT(tokens_of(cut(draws, 0, 90)), ElementsAre(ElementsAre(100), ElementsAre(50), ElementsAre(30, 25, 20)));
  EXPECT_THAT(tokens_of(cut(draws, 0, 89)), ElementsAre(ElementsAre(100), ElementsAre(50), ElementsAre(30, 25), ElementsAre(20)));
  EXPECT_THAT(tokens_of(cut(draws, 2, 90)), ElementsAre(ElementsAre(100), ElementsAre(50), ElementsAre(30, 25), ElementsAre(20)));
  EXPECT_THAT(tokens_of(cut(draws, 0, 1)), testing::SizeIs(5));
}

class Divided : public testing::TestWithParam<bool> {};

TEST_P(Divided, TheRanksHaveEveryExampleOnceAndNumbersOfTheirOwn) {
  config::Train train;
  train.micro_batch_size = 3;
  train.micro_batch_tokens = 250;
  train.deterministic_reduction = GetParam();
  for (const int ranks : {1, 2, 3, 7}) {
    std::multiset<std::uint64_t> drawn;
    std::set<std::int64_t> numbers;
    std::size_t batches = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      const Share share = divide(random_draws(20, 1), train, rank, ranks);
      batches += share.micro_batches.size();
      for (const MicroBatch& batch : share.micro_batches) {
        EXPECT_LT(batch.number, share.of_all_ranks);
        numbers.insert(batch.number);
        for (const SizedDraw& draw : batch.draws) drawn.insert(draw.draw.number);
      }
    }
    EXPECT_EQ(numbers.size(), batches);
    EXPECT_EQ(drawn.size(), 20u);
    EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), 20u);
  }
}

INSTANTIATE_TEST_SUITE_P(Reductions, Divided, testing::Bool());

TEST(Batch, WithADeterministicReductionTheMicroBatchesAreThoseOfOneRank) {
  config::Train train;
  train.micro_batch_size = 3;
  train.deterministic_reduction = true;
  const Share one = divide(random_draws(20, 1), train, 0, 1);
  ASSERT_EQ(one.micro_batches.size(), 7u);
  for (const int ranks : {2, 3, 8}) {
    std::set<std::size_t> rounds;
    for (int rank = 0; rank < ranks; ++rank) {
      const Share share = divide(random_draws(20, 1), train, rank, ranks);
      rounds.insert(share.micro_batches.size());
      for (std::size_t round = 0; round < share.micro_batches.size(); ++round) {
        const MicroBatch& batch = share.micro_batches[round];
        EXPECT_EQ(batch.number, static_cast<std::int64_t>(round) * ranks + rank) << "the ranks' gradients are added in rank order";
        const auto expected =
            batch.number < 7 ? tokens_of(one.micro_batches[static_cast<std::size_t>(batch.number)].draws) : std::vector<std::int64_t>();
        EXPECT_EQ(tokens_of(batch.draws), expected);
      }
    }
    EXPECT_EQ(rounds.size(), 1u) << "every rank takes part in every reduction";
  }
}

}  // namespace
}  // namespace midillama::train
