#include "midillama/model/projector.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

namespace midillama::model {

ProjectorImpl::ProjectorImpl(std::int64_t music_size, std::int64_t hidden_size) {
  weight = register_parameter("weight", torch::empty({hidden_size, music_size}));
  bias = register_parameter("bias", torch::empty({hidden_size}));
}

torch::Tensor ProjectorImpl::forward(const torch::Tensor& music) {
  return at::linear(is_whitened() ? (music - mean).matmul(directions) : music, weight, bias);
}

void ProjectorImpl::whiten(const torch::Tensor& new_mean, const torch::Tensor& new_directions) {
  mean = register_buffer("mean", new_mean.to(weight.device(), torch::kFloat32));
  directions = register_buffer("directions", new_directions.to(weight.device(), torch::kFloat32).contiguous());
}

ProjectorImpl::LinearLayer ProjectorImpl::linear() const {
  const torch::NoGradGuard no_grad;
  if (!is_whitened()) return {weight, bias};
  const torch::Tensor folded = weight.to(torch::kFloat64).mm(directions.to(torch::kFloat64).t());
  return {folded.to(torch::kFloat32), (bias - folded.mv(mean.to(torch::kFloat64))).to(torch::kFloat32)};
}

void initialize_whitened(ProjectorImpl& projector, const torch::Tensor& music, double scale, std::uint64_t seed) {
  constexpr double kFloor = 1e-4;  // of the largest variance: what varies less is taken for noise
  const torch::NoGradGuard no_grad;
  const torch::Tensor samples = music.to(torch::kCPU, torch::kFloat64);
  const torch::Tensor mean = samples.mean(0);
  const torch::Tensor centred = samples - mean;
  const auto [variances, directions] = at::linalg_eigh(centred.t().mm(centred) / std::max<double>(1, samples.size(0) - 1));
  projector.whiten(mean, directions / (variances + kFloor * variances.max()).clamp_min(1e-12).sqrt());

  auto generator = at::detail::createCPUGenerator(seed);
  const auto music_size = static_cast<double>(projector.weight.size(1));
  projector.weight.copy_(at::randn(projector.weight.sizes(), generator, torch::kFloat64) * (scale / std::sqrt(music_size)));
  projector.bias.copy_(at::randn(projector.bias.sizes(), generator, torch::kFloat64) * scale);
}

}  // namespace midillama::model
