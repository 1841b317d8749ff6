#include "standardised_head.h"

#include <ATen/Functions.h>
#include <torch/utils.h>

namespace midillama::model {
namespace {

constexpr double kSmallestDeviation = 1e-8;

}  // namespace

StandardisedHeadImpl::StandardisedHeadImpl(std::int64_t in_features, std::int64_t out_features) {
  weight = register_parameter("weight", torch::zeros({out_features, in_features}));
  bias = register_parameter("bias", torch::zeros({out_features}));
  mean = register_buffer("mean", torch::zeros({in_features}));
  scale = register_buffer("scale", torch::ones({in_features}));
}

torch::Tensor StandardisedHeadImpl::standardised(const torch::Tensor& x) {
  return (x - mean) * scale;
}

torch::Tensor StandardisedHeadImpl::output(const torch::Tensor& standardised) {
  return at::linear(standardised, weight, bias);
}

void StandardisedHeadImpl::standardise(const torch::Tensor& features) {
  const torch::NoGradGuard no_grad;
  const auto all = features.to(torch::kFloat64);
  const auto deviation = all.std(0, /*unbiased=*/false);
  mean.copy_(all.mean(0));
  scale.copy_(at::where(deviation > kSmallestDeviation, deviation.reciprocal(), at::zeros_like(deviation)));
}

}  // namespace midillama::model
