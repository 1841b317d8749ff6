#include "midillama/model/linear_projector.h"

#include "midillama/runs/files.h"
#include "projector_files.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

namespace midillama::model {

LinearProjectorImpl::LinearProjectorImpl(std::int64_t music_size, std::int64_t hidden_size) {
  weight = register_parameter("weight", torch::empty({hidden_size, music_size}));
  bias = register_parameter("bias", torch::empty({hidden_size}));
}

torch::Tensor LinearProjectorImpl::forward(const torch::Tensor& music) {
  return at::linear(is_whitened() ? (music - mean).matmul(directions) : music, weight, bias);
}

void LinearProjectorImpl::save(const std::filesystem::path& directory) const {
  const LinearLayer plain = linear();
  write_projector(directory / runs::kProjectorFile, kind(), {{"weight", plain.weight}, {"bias", plain.bias}});
  if (!is_whitened()) return;
  write_projector(directory / runs::kWhitenedProjectorFile, kind(),
                  {{"weight", weight}, {"bias", bias}, {"mean", mean}, {"directions", directions}});
}

void LinearProjectorImpl::load_to_train(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / runs::kWhitenedProjectorFile)) return;
  const std::int64_t size = weight.size(1);
  const torch::Tensor new_mean = torch::empty({size}), new_directions = torch::empty({size, size});
  read_projector(directory / runs::kWhitenedProjectorFile, kind(),
                 {{"weight", weight}, {"bias", bias}, {"mean", new_mean}, {"directions", new_directions}});
  whiten(new_mean, new_directions);
}

void LinearProjectorImpl::start_whitened(const torch::Tensor& vectors, double scale, std::uint64_t seed) {
  initialize_whitened(*this, vectors, scale, seed);
}

Projector::Card LinearProjectorImpl::card() const {
  return {"`weight` [T, M], `bias` [T]: musical token = weight · clip embedding + bias",
          R"(torch.nn.functional.linear(clip, projector["weight"], projector["bias"]))"};
}

void LinearProjectorImpl::whiten(const torch::Tensor& new_mean, const torch::Tensor& new_directions) {
  mean = register_buffer("mean", new_mean.to(weight.device(), torch::kFloat32));
  directions = register_buffer("directions", new_directions.to(weight.device(), torch::kFloat32).contiguous());
}

LinearProjectorImpl::LinearLayer LinearProjectorImpl::linear() const {
  const torch::NoGradGuard no_grad;
  if (!is_whitened()) return {weight, bias};
  const torch::Tensor folded = weight.to(torch::kFloat64).mm(directions.to(torch::kFloat64).t());
  return {folded.to(torch::kFloat32), (bias - folded.mv(mean.to(torch::kFloat64))).to(torch::kFloat32)};
}

void initialize_whitened(LinearProjectorImpl& projector, const torch::Tensor& music, double scale, std::uint64_t seed) {
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
