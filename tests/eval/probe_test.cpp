#include "midillama/eval/probe.h"

#include "midillama/core/error.h"

#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

namespace midillama::eval {
namespace {

// Three Gaussian clouds around the corners of a triangle in the first two of `dimensions` features; the others are noise, the last is
// constant. Features are on scales far from one another.
Labelled clouds(std::int64_t count, double spread, std::uint64_t seed, std::int64_t dimensions = 10) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto labels = torch::arange(count) % 3;
  auto features = torch::randn({count, dimensions}, generator);
  const auto angles = labels.to(torch::kFloat32) * (2 * M_PI / 3);
  features.select(1, 0).mul_(spread).add_(angles.cos()).mul_(1000).add_(5);
  features.select(1, 1).mul_(spread).add_(angles.sin()).mul_(0.001);
  features.select(1, dimensions - 1).fill_(3);
  return {features, labels};
}

TEST(LinearProbe, LearnsSeparableData) {
  const auto probe = fit_probe(clouds(300, 0.1, 1), clouds(60, 0.1, 2), 3);
  EXPECT_EQ(probe.accuracy(clouds(300, 0.1, 3)), 1.0);
}

TEST(LinearProbe, ReachesTheBestPossibleAccuracyOnOverlappingData) {
  // Three equal Gaussians at distance 1 from the centre, deviation 0.5: the best decision errs where a draw leaves its sector of 120
  // degrees.
  const double spread = 0.5;
  const auto probe = fit_probe(clouds(3000, spread, 1), clouds(600, spread, 2), 3);
  const auto test = clouds(6000, spread, 3);
  const auto x = test.features.select(1, 0).sub(5).div(1000);
  const auto y = test.features.select(1, 1).div(0.001);
  const auto nearest = torch::remainder(torch::round(torch::atan2(y, x) / (2 * M_PI / 3)), 3).to(torch::kInt64);
  const double best = nearest.eq(test.labels).to(torch::kFloat64).mean().item<double>();
  EXPECT_GT(best, 0.9);
  EXPECT_NEAR(probe.accuracy(test), best, 0.01);
}

TEST(LinearProbe, KnowsNothingOfNoise) {
  const auto noise = [](std::int64_t count, std::uint64_t seed) {
    return Labelled{torch::randn({count, 200}, at::make_generator<at::CPUGeneratorImpl>(seed)), torch::arange(count) % 3};
  };
  EXPECT_NEAR(fit_probe(noise(300, 1), noise(60, 2), 3).accuracy(noise(3000, 3)), 1.0 / 3, 0.05);
}

TEST(LinearProbe, AStrongPenaltyLeavesTheMajority) {
  const Labelled examples{torch::tensor({-3.0F, -2.0F, -1.0F, 3.0F}).unsqueeze(1), torch::tensor({0, 0, 0, 1}, torch::kInt64)};
  EXPECT_EQ(LinearProbe(examples, 2, 1e-4).accuracy(examples), 1.0);
  EXPECT_EQ(LinearProbe(examples, 2, 1e3).accuracy(examples), 0.75);
}

TEST(LinearProbe, WithoutExamplesThereIsNoProbe) {
  const Labelled none{torch::zeros({0, 4}), torch::zeros({0}, torch::kInt64)};
  EXPECT_THROW(LinearProbe(none, 2, 0.1), Error);
  EXPECT_EQ(fit_probe(clouds(30, 0.1, 1), {torch::zeros({0, 10}), torch::zeros({0}, torch::kInt64)}, 3).accuracy(clouds(30, 0.1, 1)), 1.0);
}

}  // namespace
}  // namespace midillama::eval
