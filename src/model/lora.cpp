#include "midillama/model/lora.h"

#include "linears.h"
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
  return linears(LinearInput::plain(x), {this})[0];
}

}  // namespace midillama::model
