// MusicBERT directories: config.json and model.safetensors.
#include "midillama/model/musicbert.h"
#include "midillama/weights/load.h"

namespace midillama::model {
namespace fs = std::filesystem;
namespace {

std::optional<std::string> same_name(const std::string& name) {
  return name;
}

}  // namespace

MusicBertConfig check_musicbert(const fs::path& directory) {
  MusicBertConfig config = MusicBertConfig::read(directory);
  weights::require_weights(*MusicBert(config, torch::TensorOptions().device(torch::kMeta)), weights::Checkpoint(directory), same_name);
  return config;
}

MusicBert load_musicbert(const fs::path& directory, torch::Device device, torch::ScalarType dtype) {
  const MusicBertConfig config = check_musicbert(directory);
  const weights::Checkpoint checkpoint(directory);
  MusicBert encoder(config, torch::TensorOptions().device(device).dtype(dtype));
  weights::load_weights(*encoder, checkpoint, same_name);
  encoder->eval();
  for (torch::Tensor& parameter : encoder->parameters()) parameter.set_requires_grad(false);
  return encoder;
}

void save_musicbert(MusicBert& encoder, const fs::path& directory) {
  weights::TensorMap tensors;
  for (const auto& parameter : encoder->named_parameters()) tensors.emplace(parameter.key(), parameter.value());
  encoder->config.write(directory);
  weights::write_safetensors(directory / "model.safetensors", tensors, {{"format", "pt"}});
}

}  // namespace midillama::model
