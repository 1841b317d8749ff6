#include "midillama/model/layers.h"

#include "row_passes.h"

namespace midillama::model {

LinearImpl::LinearImpl(std::int64_t in_features, std::int64_t out_features, bool with_bias, const torch::TensorOptions& options) {
  weight = register_parameter("weight", torch::empty({out_features, in_features}, options));
  if (with_bias) bias = register_parameter("bias", torch::empty({out_features}, options));
}

torch::Tensor LinearImpl::forward(const torch::Tensor& x) {
  return at::linear(x, weight, bias);
}

EmbeddingImpl::EmbeddingImpl(std::int64_t rows, std::int64_t size, const torch::TensorOptions& options) {
  weight = register_parameter("weight", torch::empty({rows, size}, options));
}

torch::Tensor EmbeddingImpl::forward(const torch::Tensor& ids) {
  return at::embedding(weight, ids);
}

LayerNormImpl::LayerNormImpl(std::int64_t size, double epsilon, const torch::TensorOptions& options) : epsilon(epsilon) {
  weight = register_parameter("weight", torch::empty({size}, options));
  bias = register_parameter("bias", torch::empty({size}, options));
}

torch::Tensor LayerNormImpl::forward(const torch::Tensor& x) {
  return at::layer_norm(x, weight.sizes(), weight, bias, epsilon);
}

RmsNormImpl::RmsNormImpl(std::int64_t size, double epsilon, const torch::TensorOptions& options) : epsilon(epsilon) {
  weight = register_parameter("weight", torch::empty({size}, options));
}

torch::Tensor RmsNormImpl::forward(const torch::Tensor& x) {
  return rms_norm(x, weight, epsilon);
}

}  // namespace midillama::model
