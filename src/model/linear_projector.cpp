#include "midillama/model/linear_projector.h"

#include "midillama/core/error.h"
#include "midillama/runs/files.h"
#include "projector_files.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace midillama::model {
namespace {

// What a whitened layer and the plain one that is saved in its place may differ by, relative to the larger of 1 and the largest token's
// entry.
constexpr double kLargestDifference = 1e-5;

// Error where they differ more at the clips' mean, or one standard deviation from it in the direction that is amplified most or least.
void require_same_tokens(const LinearProjectorImpl& whitened, const LinearProjectorImpl::LinearLayer& plain) {
  const auto on_host = [](const torch::Tensor& tensor) { return tensor.detach().to(torch::kCPU); };
  const torch::Tensor mean = on_host(whitened.mean), directions = on_host(whitened.directions);
  const torch::Tensor extremes = at::stack({directions.select(1, 0), directions.select(1, -1)});
  const torch::Tensor steps = extremes / extremes.square().sum(1, true);
  const torch::Tensor music = at::cat({mean.unsqueeze(0), mean + steps});
  const torch::Tensor trained = at::linear((music - mean).matmul(directions), on_host(whitened.weight), on_host(whitened.bias));
  const torch::Tensor saved = at::linear(music, on_host(plain.weight), on_host(plain.bias));
  const double difference = (saved - trained).abs().max().item<double>() / std::max(1.0, trained.abs().max().item<double>());
  if (difference <= kLargestDifference) return;
  throw Error(
      fmt::format("the plain projector that is saved differs from the whitened one that trains by {:.1e}, more than {:.0e}: the "
                  "training clips are too much alike to be whitened, set projector.initialization to linear",
                  difference, kLargestDifference));
}

}  // namespace

LinearProjectorImpl::LinearProjectorImpl(std::int64_t music_size, std::int64_t hidden_size) {
  weight = register_parameter("weight", torch::empty({hidden_size, music_size}));
  bias = register_parameter("bias", torch::empty({hidden_size}));
}

torch::Tensor LinearProjectorImpl::forward(const torch::Tensor& music) {
  return at::linear(is_whitened() ? (music - mean).matmul(directions) : music, weight, bias);
}

void LinearProjectorImpl::save(const std::filesystem::path& directory) const {
  const LinearLayer plain = linear();
  if (is_whitened()) require_same_tokens(*this, plain);
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
  constexpr double kFloor = 1e-4;  // of what varies most: what varies less is taken for noise
  const torch::NoGradGuard no_grad;
  const torch::Tensor samples = music.to(torch::kCPU, torch::kFloat64);
  const torch::Tensor mean = samples.mean(0);
  const torch::Tensor centred = samples - mean;
  const auto [variances, directions] = at::linalg_eigh(centred.t().mm(centred) / std::max<double>(1, samples.size(0) - 1));
  // Clips that are all alike vary in nothing but rounding: the floor is then taken of their own size.
  const double most = std::max(variances.max().item<double>(), samples.square().mean().item<double>());
  projector.whiten(mean, directions / (variances.clamp_min(0) + kFloor * (most > 0 ? most : 1.0)).sqrt());

  auto generator = at::detail::createCPUGenerator(seed);
  const auto music_size = static_cast<double>(projector.weight.size(1));
  projector.weight.copy_(at::randn(projector.weight.sizes(), generator, torch::kFloat64) * (scale / std::sqrt(music_size)));
  projector.bias.copy_(at::randn(projector.bias.sizes(), generator, torch::kFloat64) * scale);
}

}  // namespace midillama::model
