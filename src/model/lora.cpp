#include "midillama/model/lora.h"

#include "linears.h"
#include "midillama/core/error.h"
#include "midillama/model/layers.h"
#include "random_weights.h"

#include <fmt/format.h>

#include <numeric>

namespace midillama::model {

LoraLinearImpl::LoraLinearImpl(std::int64_t in_features, std::int64_t out_features, const torch::TensorOptions& options)
    : LoraLinearImpl(torch::empty({out_features, in_features}, options)) {}

LoraLinearImpl::LoraLinearImpl(const torch::Tensor& matrix) {
  weight = register_parameter("weight", matrix);
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
  return linears(LinearInput::plain(x), {this});
}

torch::Tensor linears(const LinearInput& input, std::initializer_list<const LoraLinearImpl*> layers, KeepsTogether keeps) {
  std::vector<AdaptedWeight> adapted;
  for (const LoraLinearImpl* layer : layers) {
    adapted.push_back({layer->weight, layer->lora_A, layer->lora_B, layer->scaling, layer->is_training() ? layer->dropout : 0.0});
  }
  return linears(input, adapted, keeps);
}

std::vector<LoraLinear> linears_together(std::int64_t in_features, const std::vector<std::int64_t>& out_features,
                                         const torch::TensorOptions& options) {
  const torch::Tensor matrices = torch::empty({std::reduce(out_features.begin(), out_features.end()), in_features}, options);
  std::vector<LoraLinear> layers;
  for (const torch::Tensor& matrix : matrices.split_with_sizes(out_features)) layers.emplace_back(matrix.detach());
  return layers;
}

}  // namespace midillama::model
