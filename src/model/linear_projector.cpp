#include "midillama/model/linear_projector.h"

#include "random_weights.h"

#include <cmath>

namespace midillama::model {

LinearProjectorImpl::LinearProjectorImpl(std::int64_t music_size, std::int64_t hidden_size) {
  weight = register_parameter("weight", torch::empty({hidden_size, music_size}));
  bias = register_parameter("bias", torch::empty({hidden_size}));
}

torch::Tensor LinearProjectorImpl::forward(const torch::Tensor& music) {
  return at::linear(whitened(music), weight, bias);
}

Projector::Card LinearProjectorImpl::card() const {
  return {"`weight` [T, M], `bias` [T]: musical token = weight · clip embedding + bias",
          R"(torch.nn.functional.linear(clip, projector["weight"], projector["bias"]))"};
}

void LinearProjectorImpl::draw_weights(std::span<const torch::Tensor>, double scale, const at::Generator& generator) {
  weight.copy_(at::randn(weight.sizes(), generator, torch::kFloat64) * (scale / std::sqrt(static_cast<double>(weight.size(1)))));
  bias.copy_(at::randn(bias.sizes(), generator, torch::kFloat64) * scale);
}

void LinearProjectorImpl::start_regressed(const torch::Tensor& vectors, const torch::Tensor& targets, double scale) {
  const torch::NoGradGuard no_grad;
  whiten_by(vectors);
  const auto to_double = [](const torch::Tensor& tensor) { return tensor.to(torch::kCPU, torch::kFloat64); };
  const torch::Tensor inputs = (to_double(vectors) - to_double(mean)).mm(to_double(directions));
  const torch::Tensor target_mean = to_double(targets).mean(0);
  // Of the variance 1 of an input; as many clips as inputs would halve the weights.
  const torch::Tensor ridge = at::eye(inputs.size(1), torch::kFloat64) * static_cast<double>(inputs.size(1));
  const torch::Tensor map = at::linalg_solve(inputs.t().mm(inputs) + ridge, inputs.t().mm(to_double(targets) - target_mean));
  const double spread = inputs.mm(map).std().item<double>();
  weight.copy_(map.t() * (spread > 0 ? scale / spread : 1.0));
  bias.copy_(target_mean);
}

}  // namespace midillama::model
