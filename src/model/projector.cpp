#include "midillama/model/projector.h"

#include "midillama/core/error.h"
#include "midillama/model/linear_projector.h"
#include "midillama/runs/files.h"
#include "midillama/weights/load.h"
#include "mlp_projector.h"
#include "projector_files.h"
#include "random_weights.h"

#include <fmt/format.h>

#include <algorithm>

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

constexpr Kind kKinds[] = {{"linear", make_linear}, {"mlp", make_mlp_projector}};

weights::TensorMap parameters_of(const Projector& projector) {
  weights::TensorMap tensors;
  for (const auto& parameter : projector.named_parameters()) tensors.emplace(parameter.key(), parameter.value());
  return tensors;
}

}  // namespace

void Projector::save(const std::filesystem::path& directory) const {
  write_projector(directory / runs::kProjectorFile, kind(), parameters_of(*this));
}

void Projector::load(const std::filesystem::path& directory) {
  read_projector(directory / runs::kProjectorFile, kind(), parameters_of(*this));
}

void Projector::start_whitened(const torch::Tensor&, double, std::uint64_t) {
  throw ConfigError({fmt::format("projector.initialization: whitened is not possible with projector.kind {}", kind())});
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
