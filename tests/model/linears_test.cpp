#include "model/linears.h"

#include "model/rotary.h"
#include "tiny_models.h"

#include <torch/utils.h>

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

using Kind = LinearInput::Kind;
constexpr double kDropout = 0.3;

// What a pass of linear layers reads, all of which takes a gradient.
struct World {
  World(Kind kind, std::int64_t rows, std::int64_t in, bool adapters, double dropout, torch::ScalarType dtype = torch::kFloat64)
      : kind(kind) {
    torch::manual_seed(3);
    sources = {at::empty({rows, kind == Kind::swiglu ? 2 * in : in}, dtype)};
    if (kind == Kind::rms_normed) sources.push_back(at::empty({in}, dtype));
    layers = linears_together(in, {5, 37}, torch::TensorOptions().dtype(dtype));
    layers.emplace_back(in, 6, torch::TensorOptions().dtype(dtype));  // lies elsewhere
    for (auto& layer : layers) {
      // Only one of the layers has an adapter where they are not all alike.
      if (adapters || (layer.get() == layers[0].get() && dropout > 0)) layer->add_adapter(3, 4.0, dropout, torch::Generator());
      layer->to(dtype);
    }
    const torch::NoGradGuard no_grad;
    for (auto& tensor : trained()) tensor.copy_(at::randn(tensor.sizes(), torch::kFloat64).mul_(0.5)).set_requires_grad(true);
  }

  std::vector<torch::Tensor> trained() {
    std::vector<torch::Tensor> tensors = sources;
    for (auto& layer : layers) {
      for (auto& parameter : layer->parameters()) tensors.push_back(parameter);
    }
    return tensors;
  }

  // Of the layers that lie together, and of all three.
  std::vector<torch::Tensor> forward() {
    torch::manual_seed(5);  // the same draws of dropout
    const LinearInput input{kind, sources[0], kind == Kind::rms_normed ? sources[1] : torch::Tensor(), 1e-5, gradient_rows};
    return {linears(input, {layers[0].get(), layers[1].get()}), linears(input, {layers[0].get(), layers[1].get(), layers[2].get()})};
  }

  // A number that depends on every output in its own way.
  torch::Tensor loss() {
    torch::Tensor sum;
    for (const auto& output : forward()) {
      const auto weights = at::arange(output.numel(), torch::kFloat64).cos().view(output.sizes());
      sum = sum.defined() ? sum + (output * weights).sum() : (output * weights).sum();
    }
    return sum;
  }

  Kind kind;
  std::vector<torch::Tensor> sources;
  std::vector<LoraLinear> layers;
  torch::Tensor gradient_rows;
};

double finite_difference(World& world, torch::Tensor& tensor, std::int64_t index) {
  const torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  const torch::Tensor element = tensor.detach().view(-1)[index];
  const double before = element.item<double>();
  element.fill_(before + kStep);
  const double above = world.loss().item<double>();
  element.fill_(before - kStep);
  const double below = world.loss().item<double>();
  element.fill_(before);
  return (above - below) / (2 * kStep);
}

struct Case {
  Kind kind;
  bool adapters;
  double dropout;
};

class LinearsGradients : public testing::TestWithParam<Case> {};

TEST_P(LinearsGradients, EqualFiniteDifferences) {
  World world(GetParam().kind, 4, 6, GetParam().adapters, GetParam().dropout);
  world.loss().backward();
  for (auto& tensor : world.trained()) {
    ASSERT_TRUE(tensor.grad().defined());
    for (std::int64_t i = 0; i < tensor.numel(); i += 1 + tensor.numel() / 40) {
      EXPECT_NEAR(tensor.grad().view(-1)[i].item<double>(), finite_difference(world, tensor, i), 1e-6) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LinearsGradients,
                         testing::Values(Case{Kind::plain, false, 0}, Case{Kind::plain, true, 0}, Case{Kind::plain, true, kDropout},
                                         Case{Kind::plain, false, kDropout}, Case{Kind::rms_normed, false, 0},
                                         Case{Kind::rms_normed, true, 0}, Case{Kind::rms_normed, true, kDropout},
                                         Case{Kind::swiglu, true, 0}, Case{Kind::swiglu, true, kDropout}));

// The passes written for float32 on a CPU against the same in float64, which runs through ATen's operations; odd sizes leave tails.
class LinearsInFloat32 : public testing::TestWithParam<Kind> {};

void compare_with_float64(Kind kind, std::int64_t rows, std::int64_t size) {
  SCOPED_TRACE(testing::Message() << rows << " rows of " << size);
  World wide(kind, rows, size, true, 0), narrow(kind, rows, size, true, 0, torch::kFloat32);
  const auto expected = wide.forward(), outputs = narrow.forward();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_EQ(outputs[i].scalar_type(), torch::kFloat32);
    EXPECT_LT(largest_relative_difference(outputs[i], expected[i]), 1e-6);
  }
  {
    const torch::NoGradGuard no_grad;  // the way of decoding
    const auto alone = narrow.forward();
    for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_LT(largest_relative_difference(alone[i], expected[i]), 1e-6);
  }
  wide.loss().backward();
  narrow.loss().backward();
  const auto gradients = narrow.trained(), exact = wide.trained();
  for (std::size_t i = 0; i < exact.size(); ++i) {
    EXPECT_LT(largest_relative_difference(gradients[i].grad(), exact[i].grad()), 3e-6) << i;
  }
}

TEST_P(LinearsInFloat32, EqualThoseInFloat64) {
  for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 70}) {
    for (const std::int64_t size : {3, 16, 45, 1030}) compare_with_float64(GetParam(), rows, size);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LinearsInFloat32, testing::Values(Kind::plain, Kind::rms_normed, Kind::swiglu));

TEST(Linears, FrozenWeightsTakeNoGradient) {
  World world(Kind::rms_normed, 4, 6, true, 0);
  for (auto& layer : world.layers) layer->weight.set_requires_grad(false);
  world.sources[1].set_requires_grad(false);
  world.loss().backward();
  EXPECT_FALSE(world.layers[0]->weight.grad().defined());
  EXPECT_FALSE(world.sources[1].grad().defined());
  EXPECT_TRUE(world.sources[0].grad().defined());
  EXPECT_TRUE(world.layers[0]->lora_A.grad().defined());
}

TEST(Linears, ExtremeGatesStayFinite) {
  const auto gate = torch::tensor({-1e4F, -90.0F, -1e-8F, 0.0F, 90.0F, 1e4F}).view({1, 6});
  const auto gate_up = at::cat({gate, at::ones({1, 6})}, 1).set_requires_grad(true);
  LoraLinear layer(6, 6);
  {
    const torch::NoGradGuard no_grad;
    layer->weight.copy_(at::eye(6));
  }
  const auto output = linears(LinearInput::swiglu(gate_up), {layer.get()});
  EXPECT_TRUE(at::allclose(output, at::silu(gate), 1e-6, 1e-30));
  output.sum().backward();
  EXPECT_TRUE(gate_up.grad().isfinite().all().item<bool>());
  EXPECT_NEAR(gate_up.grad()[0][5].item<double>(), 1, 1e-6);
}

TEST(Linears, OnlyWantedRowsOfTheInputTakeAGradient) {
  for (const double dropout : {0.0, kDropout}) {
    World all(Kind::rms_normed, 4, 6, true, dropout), some(Kind::rms_normed, 4, 6, true, dropout);
    for (World* world : {&all, &some}) {
      for (auto& layer : world->layers) layer->weight.set_requires_grad(false);
      world->sources[1].set_requires_grad(false);
    }
    some.gradient_rows = torch::tensor({1, 3}, torch::kInt64);
    all.loss().backward();
    some.loss().backward();
    const auto expected = all.sources[0].grad(), gradient = some.sources[0].grad();
    EXPECT_TRUE(at::allclose(gradient.index_select(0, some.gradient_rows), expected.index_select(0, some.gradient_rows), 1e-12, 1e-12));
    EXPECT_EQ(gradient[0].abs().max().item<double>(), 0);
    EXPECT_EQ(gradient[2].abs().max().item<double>(), 0);
    EXPECT_TRUE(at::equal(all.layers[1]->lora_A.grad(), some.layers[1]->lora_A.grad()));
  }
  World normed(Kind::rms_normed, 4, 6, true, 0);  // its norm's weight trains
  normed.gradient_rows = torch::tensor({1}, torch::kInt64);
  normed.loss().backward();
  EXPECT_NE(normed.sources[0].grad()[0].abs().max().item<double>(), 0);
}

TEST(Linears, WeightsThatLieTogetherAreNotCopied) {
  const auto layers = linears_together(4, {2, 3});
  EXPECT_TRUE(layers[0]->weight.is_alias_of(layers[1]->weight));
  EXPECT_EQ(layers[1]->weight.const_data_ptr<float>(), layers[0]->weight.const_data_ptr<float>() + 8);
  EXPECT_TRUE(layers[0]->weight.requires_grad());
}

TEST(Rotate, EqualsItsFormulaAndThatsGradient) {
  torch::manual_seed(3);
  for (const std::int64_t half : {3, 16, 20}) {
    const HeadLayout layout{4, 2, 2 * half};
    const auto angles = at::randn({2, 5, 1, half}, torch::kFloat64);
    const auto exact = at::randn({2, 5, layout.width()}, torch::kFloat64).set_requires_grad(true);
    const auto heads = exact.unflatten(-1, {-1, layout.size});
    const auto halves = heads.narrow(2, 0, 6).chunk(2, -1);
    const auto turned_heads =
        at::cat({halves[0] * angles.cos() - halves[1] * angles.sin(), halves[1] * angles.cos() + halves[0] * angles.sin()}, -1);
    const auto expected = at::cat({turned_heads, heads.narrow(2, 6, 2)}, 2).flatten(2);
    const auto weights = at::randn(expected.sizes(), torch::kFloat64);
    (expected * weights).sum().backward();
    for (const auto type : {torch::kFloat32, torch::kFloat64}) {
      const auto x = exact.detach().to(type).set_requires_grad(true);
      const auto turned = rotate(x, layout, {angles.cos().to(type), angles.sin().to(type)});
      EXPECT_LT(largest_relative_difference(turned, expected), 1e-6);
      (turned * weights.to(type)).sum().backward();
      EXPECT_LT(largest_relative_difference(x.grad(), exact.grad()), 1e-6);
    }
  }
}

}  // namespace
}  // namespace midillama::model
