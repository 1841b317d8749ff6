#include "midillama/model/next_token_loss.h"

#include "tiny_models.h"

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

struct Inputs {
  torch::Tensor hidden_states, weight, targets;
};

Inputs inputs(std::int64_t rows, std::int64_t vocab_size) {
  return {at::randn({rows, 8}).requires_grad_(true), at::randn({vocab_size, 8}).requires_grad_(true),
          at::randint(vocab_size, {rows}, torch::kInt64)};
}

// Loss and gradients by plain cross-entropy.
void expect_equal_to_cross_entropy(const Inputs& in, std::int64_t slice_elements) {
  const TokenLosses losses = next_token_loss(in.hidden_states, in.weight, in.targets, slice_elements);
  (losses.sum * 0.5).backward();
  const torch::Tensor hidden_gradient = in.hidden_states.grad().clone(), weight_gradient = in.weight.grad().clone();
  in.hidden_states.mutable_grad().zero_();
  in.weight.mutable_grad().zero_();
  const torch::Tensor plain = at::cross_entropy_loss(at::linear(in.hidden_states, in.weight), in.targets, {}, at::Reduction::None);
  (plain.sum() * 0.5).backward();
  EXPECT_LT(largest_difference(losses.per_token, plain), 1e-4);
  EXPECT_LT(largest_difference(losses.sum, plain.sum()), 1e-4);
  EXPECT_FALSE(losses.per_token.requires_grad());
  EXPECT_LT(largest_difference(hidden_gradient, in.hidden_states.grad()), 1e-5);
  EXPECT_LT(largest_difference(weight_gradient, in.weight.grad()), 1e-5);
}

TEST(NextTokenLoss, EqualsCrossEntropy) {
  expect_equal_to_cross_entropy(inputs(13, 17), 1 << 20);
}

TEST(NextTokenLoss, EqualsCrossEntropyInSlices) {
  expect_equal_to_cross_entropy(inputs(13, 17), 3 * 17);
  expect_equal_to_cross_entropy(inputs(13, 17), 1);
}

TEST(NextTokenLoss, NoTargetsGiveZeroAndAGradient) {
  const Inputs in = inputs(0, 5);
  const TokenLosses losses = next_token_loss(in.hidden_states, in.weight, in.targets);
  EXPECT_EQ(losses.sum.item<float>(), 0.0f);
  losses.sum.backward();
  EXPECT_TRUE(at::equal(in.weight.grad(), at::zeros({5, 8})));
}

TEST(NextTokenLoss, WorksWithoutGradients) {
  const torch::NoGradGuard no_grad;
  const Inputs in = inputs(4, 5);
  EXPECT_FALSE(next_token_loss(in.hidden_states, in.weight, in.targets).sum.requires_grad());
}

}  // namespace
}  // namespace midillama::model
