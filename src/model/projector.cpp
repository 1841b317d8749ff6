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
  return at::linear(music, weight, bias);
}

void initialize_whitened(ProjectorImpl& projector, const torch::Tensor& music, double scale, std::uint64_t seed) {
  constexpr double kFloor = 1e-4;  // of the largest variance: what varies less is taken for noise
  const torch::NoGradGuard no_grad;
  const torch::Tensor samples = music.to(torch::kCPU, torch::kFloat64);
  const torch::Tensor mean = samples.mean(0);
  const torch::Tensor centred = samples - mean;
  const auto [variances, directions] = at::linalg_eigh(centred.t().mm(centred) / std::max<double>(1, samples.size(0) - 1));
  const torch::Tensor whitening = directions / (variances + kFloor * variances.max()).clamp_min(1e-12).sqrt();

  auto generator = at::detail::createCPUGenerator(seed);
  const std::int64_t music_size = projector.weight.size(1);
  const torch::Tensor rotation = at::randn({projector.weight.size(0), music_size}, generator, torch::kFloat64) / std::sqrt(music_size);
  const torch::Tensor weight = scale * rotation.mm(whitening.t());
  projector.weight.copy_(weight);
  projector.bias.copy_(-weight.mv(mean));
}

}  // namespace midillama::model
