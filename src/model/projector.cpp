#include "midillama/model/projector.h"

#include "attention_projector.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/model/linear_projector.h"
#include "midillama/runs/files.h"
#include "midillama/weights/load.h"
#include "mlp_projector.h"
#include "projector_files.h"
#include "random_weights.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace midillama::model {
namespace {

// The kind of a file that names none.
constexpr const char* kPlainKind = "linear";

struct Kind {
  std::string_view name;
  std::shared_ptr<Projector> (*make)(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                     const at::Generator& generator);
};

std::shared_ptr<Projector> make_linear(const config::Projector&, std::int64_t music_size, std::int64_t hidden_size,
                                       const at::Generator& generator) {
  auto projector = std::make_shared<LinearProjectorImpl>(music_size, hidden_size);
  fill_linear(projector->weight, music_size, generator);
  fill_linear(projector->bias, music_size, generator);
  return projector;
}

constexpr Kind kKinds[] = {{"linear", make_linear}, {"mlp", make_mlp_projector}, {"attention", make_attention_projector}};

weights::TensorMap parameters_of(const Projector& projector) {
  weights::TensorMap tensors;
  for (const auto& parameter : projector.named_parameters()) tensors.emplace(parameter.key(), parameter.value());
  return tensors;
}

weights::TensorMap buffers_of(const Projector& projector) {
  return {{"mean", projector.mean}, {"directions", projector.directions}};
}

torch::Tensor to_double(const torch::Tensor& tensor) {
  return tensor.to(torch::kCPU, torch::kFloat64);
}

// What is saved must be what was trained, wherever the music lies: seen at one standard deviation from the mean of the training set's clips
// in every direction. The layers are compared without rounding on the way; what float32 makes of the saved one must be usable.
void check_plain(const Projector::Layer& whitened, const Projector::Layer& plain, const Projector& projector,
                 const std::filesystem::path& directory) {
  constexpr double kExact = 1e-5, kUsable = 1e-3;  // of the largest entry of a token, which counts as 1 where it is smaller
  const torch::Tensor mean = to_double(projector.mean), steps = to_double(projector.directions);
  const torch::Tensor music = (mean + (steps / steps.square().sum(0)).nan_to_num(0).t()).to(torch::kFloat32);
  const torch::Tensor trained = at::linear((to_double(music) - mean).matmul(steps), to_double(whitened.weight), to_double(whitened.bias));
  const double size = std::max(1.0, trained.abs().max().item<double>());
  const auto distance = [&](const torch::Tensor& token) { return (to_double(token) - trained).abs().max().item<double>(); };
  const double difference = distance(at::linear(music.to(plain.weight.device()), plain.weight, plain.bias));
  if (!(difference <= kUsable * size)) {
    throw Error(
        fmt::format("{}: the layer that would be saved differs from the trained one by {:.1e}: the clips of the training set are too "
                    "much alike for coordinates in which they differ: projector.initialization linear is right for them",
                    directory.string(), difference));
  }
  const double rounding = distance(at::linear(to_double(music), to_double(plain.weight), to_double(plain.bias)));
  if (rounding > kExact * size)
    log::warning("the plain projector that is saved differs from the whitened one that is trained by {:.1e}", rounding);
}

}  // namespace

void Projector::save(const std::filesystem::path& directory) const {
  const torch::NoGradGuard no_grad;
  weights::TensorMap tensors = parameters_of(*this);
  if (is_whitened()) {
    weights::TensorMap trained = tensors;
    trained.merge(buffers_of(*this));
    const Layer saved = plain();
    check_plain(layer(reads()), saved, *this, directory);
    tensors[reads() + "weight"] = saved.weight;
    tensors[reads() + "bias"] = saved.bias;
    write_projector(directory / runs::kProjectorFile, kind(), tensors);
    write_projector(directory / runs::kWhitenedProjectorFile, kind(), trained);
  } else {
    write_projector(directory / runs::kProjectorFile, kind(), tensors);
  }
}

void Projector::load(const std::filesystem::path& directory) {
  read_projector(directory / runs::kProjectorFile, kind(), parameters_of(*this));
}

void Projector::load_to_train(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / runs::kWhitenedProjectorFile)) return;
  const std::int64_t size = layer(reads()).weight.size(1);
  const torch::Tensor new_mean = torch::empty({size}), new_directions = torch::empty({size, size});
  weights::TensorMap tensors = parameters_of(*this);
  tensors.merge(weights::TensorMap{{"mean", new_mean}, {"directions", new_directions}});
  read_projector(directory / runs::kWhitenedProjectorFile, kind(), tensors);
  whiten(new_mean, new_directions);
}

void Projector::start_whitened(std::span<const torch::Tensor> clips, double scale, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  whiten_by(samples(clips));
  draw_weights(clips, scale, seeded_generator(seed));
}

void Projector::change_tokens(double factor, const torch::Tensor& shift) {
  const torch::NoGradGuard no_grad;
  const Layer last = layer(writes());
  last.weight.mul_(factor);
  last.bias.mul_(factor).add_(shift.to(last.bias.device(), torch::kFloat32));
}

void Projector::whiten(const torch::Tensor& new_mean, const torch::Tensor& new_directions) {
  const torch::Device device = layer(reads()).weight.device();
  mean = register_buffer("mean", new_mean.to(device, torch::kFloat32));
  directions = register_buffer("directions", new_directions.to(device, torch::kFloat32).contiguous());
}

Projector::Layer Projector::plain() const {
  const torch::NoGradGuard no_grad;
  const auto [weight, bias] = layer(reads());
  if (!is_whitened()) return {weight, bias};
  const torch::Tensor folded = weight.to(torch::kFloat64).mm(directions.to(torch::kFloat64).t());
  return {folded.to(torch::kFloat32), (bias - folded.mv(mean.to(torch::kFloat64))).to(torch::kFloat32)};
}

torch::Tensor Projector::samples(std::span<const torch::Tensor> clips) const {
  return at::cat(at::TensorList(clips.data(), clips.size()));
}

torch::Tensor Projector::whitened(const torch::Tensor& vectors) const {
  return is_whitened() ? (vectors - mean).matmul(directions) : vectors;
}

// Directions of nearly no variance are not blown up, and those of none, as most are where clips are few, are left out: they would be
// rounding errors, other ones on every processor.
void Projector::whiten_by(const torch::Tensor& samples) {
  constexpr double kFloor = 1e-4;  // what varies less than this part of the largest variance, or of the music itself, is taken for noise
  constexpr double kNone = 1e-12;  // of the same; float32 has a few digits more
  const torch::NoGradGuard no_grad;
  const torch::Tensor music = to_double(samples);
  const torch::Tensor centre = music.mean(0);
  const torch::Tensor centred = music - centre;
  const auto [variances, axes] = at::linalg_eigh(centred.t().mm(centred) / std::max<double>(1, music.size(0) - 1));
  // Clips that are all alike have no variance to compare with, and float32 has no digits for what differs less from them.
  const double power = music.square().mean().item<double>();
  const double largest = std::max(variances.max().item<double>(), power > 0 ? power : 1.0);
  const torch::Tensor spread = (variances.clamp_min(0) + kFloor * largest).sqrt();
  whiten(centre, axes / spread.masked_fill(variances <= kNone * largest, std::numeric_limits<double>::infinity()));
}

Projector::Layer Projector::layer(const std::string& prefix) const {
  const auto parameters = named_parameters();
  return {parameters[prefix + "weight"], parameters[prefix + "bias"]};
}

void Projector::start_regressed(const torch::Tensor&, const torch::Tensor&, double) {
  throw ConfigError({fmt::format("projector.initialization: answers is not possible with projector.kind {}", kind())});
}

std::shared_ptr<Projector> make_projector(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                          std::uint64_t seed) {
  const auto* row = std::ranges::find(kKinds, config.kind, &Kind::name);
  if (row == std::end(kKinds)) throw ConfigError({fmt::format("projector.kind: \"{}\" is unknown", config.kind)});
  return row->make(config, music_size, hidden_size, seeded_generator(seed));
}

void write_projector(const std::filesystem::path& file, const std::string& kind, const weights::TensorMap& tensors) {
  weights::Metadata metadata = {{"format", "pt"}};
  if (kind != kPlainKind) metadata["kind"] = kind;
  weights::write_safetensors(file, tensors, metadata);
}

void read_projector(const std::filesystem::path& path, const std::string& kind, const weights::TensorMap& tensors) {
  const weights::SafetensorsFile file(path);
  const auto named = file.metadata().find("kind");
  const std::string found = named == file.metadata().end() ? kPlainKind : named->second;
  if (found != kind) {
    throw InputError(path.string(), "", fmt::format("holds a projector of the kind {}, but projector.kind is {}", found, kind));
  }
  const std::string problems = weights::misfits(file, tensors, "file");
  if (!problems.empty()) throw InputError(path.string(), "", "the projector does not fit encoder and decoder:" + problems);
  for (const auto& [name, tensor] : tensors) file.copy_into(name, tensor);
}

}  // namespace midillama::model
