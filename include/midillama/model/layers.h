// The plain layers. Their parameters begin uninitialised: a checkpoint or an initialize_weights() fills them, so that a large model's
// memory is written once. `options` gives dtype and device of the parameters.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

namespace midillama::model {

// y = W x + b. Parameters `weight` [out, in] and, where asked for, `bias` [out].
struct LinearImpl : torch::nn::Module {
  LinearImpl(std::int64_t in_features, std::int64_t out_features, bool with_bias, const torch::TensorOptions& options = {});
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight;
  torch::Tensor bias;  // undefined without bias
};
TORCH_MODULE(Linear);

// Rows of a table. Parameter `weight` [rows, size].
struct EmbeddingImpl : torch::nn::Module {
  EmbeddingImpl(std::int64_t rows, std::int64_t size, const torch::TensorOptions& options = {});
  // ids [...] int64 → [..., size]
  torch::Tensor forward(const torch::Tensor& ids);

  torch::Tensor weight;
};
TORCH_MODULE(Embedding);

// Parameters `weight` and `bias` [size].
struct LayerNormImpl : torch::nn::Module {
  LayerNormImpl(std::int64_t size, double epsilon, const torch::TensorOptions& options = {});
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight;
  torch::Tensor bias;
  double epsilon;
};
TORCH_MODULE(LayerNorm);

// Zhang & Sennrich 2019 as Llama computes it: normalised in float32, rounded to x's dtype, then scaled. Parameter `weight` [size].
struct RmsNormImpl : torch::nn::Module {
  RmsNormImpl(std::int64_t size, double epsilon, const torch::TensorOptions& options = {});
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight;
  double epsilon;
};
TORCH_MODULE(RmsNorm);

}  // namespace midillama::model
