#include "midillama/model/lora.h"

#include "midillama/core/error.h"
#include "tiny_models.h"

#include <ATen/CPUGeneratorImpl.h>

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

at::Generator generator(std::uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

LoraLinear layer(torch::ScalarType dtype = torch::kFloat32) {
  LoraLinear linear(6, 4, torch::TensorOptions().dtype(dtype));
  const torch::NoGradGuard no_grad;
  linear->weight.normal_(0, 1, generator(1));
  linear->weight.set_requires_grad(false);
  return linear;
}

TEST(LoraLinear, ANewAdapterChangesNothing) {
  LoraLinear linear = layer();
  const torch::Tensor x = at::randn({2, 3, 6});
  const torch::Tensor before = linear->forward(x);
  linear->add_adapter(2, 4.0, 0.0, generator(2));
  EXPECT_TRUE(at::equal(linear->forward(x), before));
  EXPECT_LE(linear->lora_A.abs().max().item<double>(), 1 / std::sqrt(6.0));
  EXPECT_GT(linear->lora_A.abs().max().item<double>(), 0.5 / std::sqrt(6.0));
  EXPECT_THROW(linear->add_adapter(2, 4.0, 0.0, generator(2)), Error);
  EXPECT_THROW(layer()->add_adapter(0, 4.0, 0.0, generator(2)), Error);
}

TEST(LoraLinear, AddsTheScaledProduct) {
  LoraLinear linear = layer();
  linear->add_adapter(2, 5.0, 0.5, generator(2));
  linear->eval();
  {
    const torch::NoGradGuard no_grad;
    linear->lora_B.normal_(0, 1, generator(3));
  }
  const torch::Tensor x = at::randn({2, 3, 6});
  const torch::Tensor merged = linear->weight + 2.5 * linear->lora_B.mm(linear->lora_A);
  EXPECT_LT(largest_difference(linear->forward(x), at::linear(x, merged)), 1e-5);
}

TEST(LoraLinear, TheAdapterOfABfloat16LayerWorksInFloat32) {
  LoraLinear linear = layer(torch::kBFloat16);
  linear->add_adapter(2, 2.0, 0.0, generator(2));
  {
    const torch::NoGradGuard no_grad;
    linear->lora_B.normal_(0, 1, generator(3));
  }
  EXPECT_EQ(linear->lora_A.scalar_type(), torch::kFloat32);
  const torch::Tensor x = at::randn({3, 6}, generator(4)).to(torch::kBFloat16);
  const torch::Tensor sum =
      at::linear(x, linear->weight).to(torch::kFloat32) + at::linear(at::linear(x.to(torch::kFloat32), linear->lora_A), linear->lora_B);
  const torch::Tensor result = linear->forward(x);
  EXPECT_EQ(result.scalar_type(), torch::kBFloat16);
  EXPECT_LT(largest_difference(result, sum), 0.02);
}

TEST(LoraLinear, DropsOnlyTheAdaptersInputAndOnlyInTraining) {
  LoraLinear linear = layer();
  linear->add_adapter(2, 2.0, 0.5, generator(2));
  {
    const torch::NoGradGuard no_grad;
    linear->lora_B.normal_(0, 1, generator(3));
  }
  const torch::Tensor x = at::randn({5, 6});
  EXPECT_FALSE(at::equal(linear->forward(x), linear->forward(x)));
  linear->eval();
  EXPECT_TRUE(at::equal(linear->forward(x), linear->forward(x)));
  linear->train();
  const torch::NoGradGuard no_grad;
  linear->lora_B.zero_();
  EXPECT_LT(largest_difference(linear->forward(x), at::linear(x, linear->weight)), 1e-6);
}

TEST(LoraLinear, DropoutKeepsTheMean) {
  LoraLinear linear(1, 1);
  linear->add_adapter(1, 1.0, 0.3, generator(2));
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : linear->parameters()) parameter.fill_(1.0);
  const torch::Tensor adapter = linear->forward(at::ones({200'001, 1})) - 1.0;  // 0 where dropped, 1 / 0.7 elsewhere
  EXPECT_NEAR((adapter == 0).to(torch::kFloat64).mean().item<double>(), 0.3, 0.005);
  EXPECT_NEAR(adapter.max().item<double>(), 1 / 0.7, 1e-5);
  EXPECT_NEAR(adapter.mean().item<double>(), 1.0, 0.01);
}

TEST(LoraLinear, GradientsReachTheAdapterOnly) {
  LoraLinear linear = layer();
  linear->add_adapter(2, 2.0, 0.0, generator(2));
  linear->forward(at::randn({3, 6})).sum().backward();
  EXPECT_TRUE(linear->lora_B.grad().defined());
  EXPECT_FALSE(linear->weight.grad().defined());
}

}  // namespace
}  // namespace midillama::model
