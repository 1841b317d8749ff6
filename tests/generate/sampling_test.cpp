#include "generate/sampling.h"

#include "midillama/core/random.h"

#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

namespace midillama::generate {
namespace {

// Token -> how often it is drawn in `draws` draws.
std::map<std::int64_t, double> frequencies(const torch::Tensor& logits, double temperature, double top_p, std::int64_t draws) {
  Random random(5);
  std::vector<double> uniforms;
  for (std::int64_t i = 0; i < draws; ++i) uniforms.push_back(random.uniform());
  const auto tokens = sample(logits.expand({draws, -1}), temperature, top_p, torch::tensor(uniforms, torch::kFloat64));
  std::map<std::int64_t, double> counts;
  for (std::int64_t i = 0; i < draws; ++i) counts[tokens[i].item<std::int64_t>()] += 1.0 / static_cast<double>(draws);
  return counts;
}

void expect_near(const std::map<std::int64_t, double>& measured, const std::map<std::int64_t, double>& expected, std::int64_t draws) {
  for (const auto& [token, frequency] : measured) EXPECT_TRUE(expected.contains(token)) << "token " << token << " is outside the nucleus";
  for (const auto& [token, probability] : expected) {
    const double deviation = std::sqrt(probability * (1 - probability) / static_cast<double>(draws));
    EXPECT_NEAR(measured.contains(token) ? measured.at(token) : 0, probability, 4 * deviation + 1e-12) << "token " << token;
  }
}

constexpr std::int64_t kDraws = 20000;
const std::vector<double> kProbabilities = {0.08, 0.40, 0.02, 0.30, 0.20};

torch::Tensor logits() {
  return torch::tensor(kProbabilities, torch::kFloat64).log().unsqueeze(0).to(torch::kFloat32);
}

TEST(Sampling, WithoutACutTheFrequenciesAreTheProbabilities) {
  expect_near(frequencies(logits(), 1, 1, kDraws), {{0, 0.08}, {1, 0.40}, {2, 0.02}, {3, 0.30}, {4, 0.20}}, kDraws);
}

TEST(Sampling, TheNucleusIsTheSmallestSetThatReachesTopP) {
  expect_near(frequencies(logits(), 1, 0.75, kDraws), {{1, 0.40 / 0.9}, {3, 0.30 / 0.9}, {4, 0.20 / 0.9}}, kDraws);
  expect_near(frequencies(logits(), 1, 0.69, kDraws), {{1, 0.40 / 0.7}, {3, 0.30 / 0.7}}, kDraws);
}

TEST(Sampling, ATinyTopPIsGreedy) {
  expect_near(frequencies(logits(), 1, 1e-9, 100), {{1, 1.0}}, 100);
}

TEST(Sampling, TheTemperatureComesBeforeTheCut) {
  double sum = 0;
  for (const double p : kProbabilities) sum += p * p;  // temperature 1/2 squares probabilities
  std::map<std::int64_t, double> squared;
  for (std::size_t i = 0; i < kProbabilities.size(); ++i)
    squared[static_cast<std::int64_t>(i)] = kProbabilities[i] * kProbabilities[i] / sum;
  expect_near(frequencies(logits(), 0.5, 1, kDraws), squared, kDraws);
  // 0.16 and 0.09 of 0.2968 together: 0.842. At temperature 1 they would be 0.7 and a third token would join them.
  expect_near(frequencies(logits(), 0.5, 0.8, kDraws), {{1, 0.16 / 0.25}, {3, 0.09 / 0.25}}, kDraws);
}

TEST(Sampling, TheExtremeDrawsAreTokensOfTheNucleus) {
  const auto drawn = sample(logits().expand({2, -1}), 1, 0.75, torch::tensor({0.0, 1.0 - 0x1.0p-53}, torch::kFloat64));
  EXPECT_EQ(drawn[0].item<std::int64_t>(), 1);
  EXPECT_EQ(drawn[1].item<std::int64_t>(), 4);
}

TEST(Sampling, GreedyTakesTheFirstOfEquals) {
  const auto tokens = greedy(torch::tensor({{0.5F, 2.0F, 2.0F}, {3.0F, 1.0F, 3.0F}}));
  EXPECT_EQ(tokens[0].item<std::int64_t>(), 1);
  EXPECT_EQ(tokens[1].item<std::int64_t>(), 0);
}

}  // namespace
}  // namespace midillama::generate
