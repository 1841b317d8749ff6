#include "midillama/model/lora.h"

#include "midillama/core/error.h"
#include "midillama/model/layers.h"
#include "random_weights.h"

#include <fmt/format.h>

namespace midillama::model {

LoraLinearImpl::LoraLinearImpl(std::int64_t in_features, std::int64_t out_features, const torch::TensorOptions& options) {
  weight = register_parameter("weight", torch::empty({out_features, in_features}, options));
}

void LoraLinearImpl::add_adapter(std::int64_t rank, double alpha, double dropout_probability, at::Generator generator) {
  if (has_adapter()) throw Error("the layer has a LoRA adapter already");
  if (rank < 1) throw Error(fmt::format("a LoRA adapter of rank {} is not possible: the rank must be at least 1", rank));
  const auto options = torch::TensorOptions().dtype(torch::kFloat32).device(weight.device());
  lora_A = register_module("lora_A", Linear(weight.size(1), rank, false, options))->weight;
  lora_B = register_module("lora_B", Linear(rank, weight.size(0), false, options))->weight;
  fill_linear(lora_A, weight.size(1), std::move(generator));
  fill_constant(lora_B, 0.0);
  scaling = alpha / static_cast<double>(rank);
  dropout = dropout_probability;
}

torch::Tensor LoraLinearImpl::forward(const torch::Tensor& x) {
  const torch::Tensor base = at::linear(x, weight);
  if (!has_adapter()) return base;
  torch::Tensor input = x.to(torch::kFloat32);
  if (dropout > 0 && is_training()) input = at::dropout(input, dropout, true);
  const torch::Tensor low_rank = at::linear(input, lora_A).flatten(0, -2);
  // base + scaling · low_rank Bᵀ in one kernel
  const torch::Tensor sum = at::addmm(base.to(torch::kFloat32).flatten(0, -2), low_rank, lora_B.t(), 1.0, scaling);
  return sum.view(base.sizes()).to(base.scalar_type());
}

}  // namespace midillama::model
