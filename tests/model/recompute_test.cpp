#include "model/recompute.h"

#include "model/dropout.h"

#include <torch/utils.h>

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

// Counts its calls; draws, and reads a parameter.
struct Layer {
  torch::Tensor operator()(const torch::Tensor& x) {
    ++calls;
    return model::dropout(x.mm(weight).relu(), 0.5, true);
  }
  torch::Tensor weight = at::randn({6, 6}).set_requires_grad(true);
  int calls = 0;
};

struct Gradients {
  torch::Tensor output, x, weight;
};

Gradients run(Layer& layer, const torch::Tensor& values, bool again) {
  torch::manual_seed(4);
  const auto x = values.detach().clone().set_requires_grad(true);
  layer.weight.mutable_grad() = torch::Tensor();
  torch::Tensor y = x;
  for (int i = 0; i < 2; ++i) y = again ? recomputed(std::ref(layer), y, {layer.weight}) : layer(y);
  const auto draw = at::rand({1});  // what is drawn after the layers
  (y * at::arange(6) * draw).sum().backward();
  return {y.detach(), x.grad(), layer.weight.grad()};
}

TEST(Recompute, GivesTheSameValuesGradientsAndDraws) {
  torch::manual_seed(1);
  Layer layer;
  const auto x = at::randn({5, 6});
  const Gradients kept = run(layer, x, false), recomputed = run(layer, x, true);
  EXPECT_TRUE(at::equal(kept.output, recomputed.output));
  EXPECT_TRUE(at::equal(kept.x, recomputed.x));
  EXPECT_TRUE(at::equal(kept.weight, recomputed.weight));
}

TEST(Recompute, RunsEachFunctionOnceMore) {
  Layer layer;
  run(layer, at::randn({5, 6}), true);
  EXPECT_EQ(layer.calls, 4);
}

TEST(Recompute, LeavesTheDrawsBehindTheBackwardPassAlone) {
  Layer layer;
  const auto x = at::randn({5, 6});
  run(layer, x, false);
  const auto after = at::rand({3});
  run(layer, x, true);
  EXPECT_TRUE(at::equal(at::rand({3}), after));
}

TEST(Recompute, AnInputWithoutGradientLeavesTheParametersTheirs) {
  Layer layer;
  recomputed(std::ref(layer), at::ones({2, 6}), {layer.weight}).sum().backward();
  EXPECT_TRUE(layer.weight.grad().defined());
}

TEST(Recompute, WithoutGradientsTheFunctionRunsOnce) {
  Layer layer;
  const torch::NoGradGuard no_grad;
  recomputed(std::ref(layer), at::ones({2, 6}), {layer.weight});
  EXPECT_EQ(layer.calls, 1);
}

}  // namespace
}  // namespace midillama::model
