#include "midillama/model/linear_projector.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/runs/files.h"
#include "projector_files.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/utils.h>

#include <fmt/format.h>

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
  check_plain(plain, directory);
  write_projector(directory / runs::kProjectorFile, kind(), {{"weight", plain.weight}, {"bias", plain.bias}});
  if (!is_whitened()) return;
  write_projector(directory / runs::kWhitenedProjectorFile, kind(),
                  {{"weight", weight}, {"bias", bias}, {"mean", mean}, {"directions", directions}});
}

// What is saved must be what was trained, wherever the music lies: seen at one standard deviation from the mean of the training set's clips
// in every direction. The layers are compared without rounding on the way; what float32 makes of the saved one must be usable.
void LinearProjectorImpl::check_plain(const LinearLayer& plain, const std::filesystem::path& directory) const {
  if (!is_whitened()) return;
  constexpr double kExact = 1e-5, kUsable = 1e-3;  // of the largest entry of a token, which counts as 1 where it is smaller
  const torch::NoGradGuard no_grad;
  const auto to_double = [](const torch::Tensor& tensor) { return tensor.to(torch::kCPU, torch::kFloat64); };
  const torch::Tensor steps = to_double(directions);
  const torch::Tensor music = (to_double(mean) + (steps / steps.square().sum(0)).t()).to(torch::kFloat32);
  const torch::Tensor trained = at::linear((to_double(music) - to_double(mean)).matmul(steps), to_double(weight), to_double(bias));
  const double size = std::max(1.0, trained.abs().max().item<double>());
  const auto distance = [&](const torch::Tensor& token) { return (to_double(token) - trained).abs().max().item<double>(); };
  const double difference = distance(at::linear(music.to(plain.weight.device()), plain.weight, plain.bias));
  if (!(difference <= kUsable * size)) {
    throw Error(
        fmt::format("{}: the layer that would be saved differs from the trained one by {:.1e}: the clips of the training set are too "
                    "much alike for projector.initialization whitened, linear is right for them",
                    directory.string(), difference));
  }
  const double rounding = distance(at::linear(to_double(music), to_double(plain.weight), to_double(plain.bias)));
  if (rounding > kExact * size)
    log::warning("the plain projector that is saved differs from the whitened one that is trained by {:.1e}", rounding);
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

void LinearProjectorImpl::start_regressed(const torch::Tensor& vectors, const torch::Tensor& targets, double scale) {
  initialize_regressed(*this, vectors, targets, scale);
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

namespace {

void whiten_by(LinearProjectorImpl& projector, const torch::Tensor& music) {
  constexpr double kFloor = 1e-4;  // what varies less than this part of the largest variance, or of the music itself, is taken for noise
  const torch::NoGradGuard no_grad;
  const torch::Tensor samples = music.to(torch::kCPU, torch::kFloat64);
  const torch::Tensor mean = samples.mean(0);
  const torch::Tensor centred = samples - mean;
  const auto [variances, directions] = at::linalg_eigh(centred.t().mm(centred) / std::max<double>(1, samples.size(0) - 1));
  // Clips that are all alike have no variance to compare with, and float32 has no digits for what differs less from them.
  const double power = samples.square().mean().item<double>();
  const double largest = std::max(variances.max().item<double>(), power > 0 ? power : 1.0);
  projector.whiten(mean, directions / (variances.clamp_min(0) + kFloor * largest).sqrt());
}

}  // namespace

void initialize_whitened(LinearProjectorImpl& projector, const torch::Tensor& music, double scale, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  whiten_by(projector, music);
  auto generator = at::detail::createCPUGenerator(seed);
  const auto music_size = static_cast<double>(projector.weight.size(1));
  projector.weight.copy_(at::randn(projector.weight.sizes(), generator, torch::kFloat64) * (scale / std::sqrt(music_size)));
  projector.bias.copy_(at::randn(projector.bias.sizes(), generator, torch::kFloat64) * scale);
}

void initialize_regressed(LinearProjectorImpl& projector, const torch::Tensor& music, const torch::Tensor& targets, double scale) {
  const torch::NoGradGuard no_grad;
  whiten_by(projector, music);
  const auto to_double = [](const torch::Tensor& tensor) { return tensor.to(torch::kCPU, torch::kFloat64); };
  const torch::Tensor inputs = (to_double(music) - to_double(projector.mean)).mm(to_double(projector.directions));
  const torch::Tensor mean = to_double(targets).mean(0);
  // Of the variance 1 of an input; as many clips as inputs would halve the weights.
  const torch::Tensor ridge = at::eye(inputs.size(1), torch::kFloat64) * static_cast<double>(inputs.size(1));
  const torch::Tensor weight = at::linalg_solve(inputs.t().mm(inputs) + ridge, inputs.t().mm(to_double(targets) - mean));
  const double spread = inputs.mm(weight).std().item<double>();
  projector.weight.copy_(weight.t() * (spread > 0 ? scale / spread : 1.0));
  projector.bias.copy_(mean);
}

}  // namespace midillama::model
