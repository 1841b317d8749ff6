// A linear layer over features that are standardised first.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

namespace midillama::model {

// y = W ((x - mean) * scale) + b. Parameters `weight` [out, in] and `bias` [out], 0 in the beginning; buffers `mean` and `scale` [in].
struct StandardisedHeadImpl : torch::nn::Module {
  StandardisedHeadImpl(std::int64_t in_features, std::int64_t out_features);
  torch::Tensor forward(const torch::Tensor& x) { return output(standardised(x)); }
  // Its two steps: what is dropped in training is dropped between them.
  torch::Tensor standardised(const torch::Tensor& x);
  torch::Tensor output(const torch::Tensor& standardised);
  // Takes mean and deviation from these features [n, in]; what hardly varies is left out.
  void standardise(const torch::Tensor& features);

  torch::Tensor weight, bias, mean, scale;
};
TORCH_MODULE(StandardisedHead);

}  // namespace midillama::model
