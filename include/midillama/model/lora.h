// Linear layers with an optional low-rank adapter (Hu et al. 2021), with PEFT's semantics.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace midillama::model {

// A bias-free linear layer y = W x, and y = W x + (alpha / rank) · B A dropout(x) once it has an adapter. The adapter works in float32
// whatever W's dtype; the sum is rounded to W's dtype. Parameters: `weight` [out, in], uninitialised; `lora_A.weight` [rank, in] and
// `lora_B.weight` [out, rank], float32.
struct LoraLinearImpl : torch::nn::Module {
  LoraLinearImpl(std::int64_t in_features, std::int64_t out_features, const torch::TensorOptions& options = {});
  // With this tensor [out, in] for its weight.
  explicit LoraLinearImpl(const torch::Tensor& matrix);

  // A: Kaiming-uniform (a = √5), drawn from `generator`; B: zero. Error where there is an adapter already.
  void add_adapter(std::int64_t rank, double alpha, double dropout, at::Generator generator);
  bool has_adapter() const { return lora_A.defined(); }

  // [..., in] → [..., out] in weight's dtype.
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight;
  torch::Tensor lora_A;  // undefined without adapter
  torch::Tensor lora_B;
  double scaling = 0;
  double dropout = 0;
};
TORCH_MODULE(LoraLinear);

// Layers that read the same input: their weights lie after each other in memory, so that one product runs them all.
std::vector<LoraLinear> linears_together(std::int64_t in_features, const std::vector<std::int64_t>& out_features,
                                         const torch::TensorOptions& options = {});

}  // namespace midillama::model
