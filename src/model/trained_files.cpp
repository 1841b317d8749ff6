// What a stage trained: projector and adapter.
#include "midillama/core/error.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/peft.h"
#include "midillama/runs/files.h"
#include "midillama/weights/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace midillama::model {
namespace fs = std::filesystem;
namespace {

using weights::TensorMap;

void load_tensors(const TensorMap& tensors, const fs::path& path) {
  const weights::SafetensorsFile file(path);
  const std::string problems = weights::misfits(file, tensors, "file");
  if (!problems.empty()) throw InputError(path.string(), "", "the projector does not fit encoder and decoder:" + problems);
  for (const auto& [name, tensor] : tensors) file.copy_into(name, tensor);
}

bool same_shape(const config::Lora& a, const config::Lora& b) {
  const auto as_set = [](const std::vector<std::string>& names) { return std::set<std::string>(names.begin(), names.end()); };
  return a.rank == b.rank && a.alpha == b.alpha && as_set(a.target_modules) == as_set(b.target_modules);
}

std::string describe(const config::Lora& lora) {
  return fmt::format("rank {}, alpha {} on {}", lora.rank, lora.alpha, fmt::join(lora.target_modules, ", "));
}

void load_adapter(MidiLlama& model, const fs::path& directory) {
  const config::Lora lora = read_peft_config(directory);
  if (!model->lora) model->add_lora(lora, 0);
  if (!same_shape(*model->lora, lora)) {
    throw InputError(directory.string(), "",
                     fmt::format("the adapter has {}; the model was given {} (lora.rank, lora.alpha, lora.target_modules)", describe(lora),
                                 describe(*model->lora)));
  }
  load_peft_weights(*model->llama, directory);
}

}  // namespace

void save_trained(MidiLlama& model, const fs::path& directory, const std::string& llm_path) {
  const auto& projector = model->projector;
  const weights::Metadata metadata = {{"format", "pt"}};
  const auto linear = projector->linear();
  weights::write_safetensors(directory / runs::kProjectorFile, {{"weight", linear.weight}, {"bias", linear.bias}}, metadata);
  if (projector->is_whitened()) {
    weights::write_safetensors(
        directory / runs::kWhitenedProjectorFile,
        {{"weight", projector->weight}, {"bias", projector->bias}, {"mean", projector->mean}, {"directions", projector->directions}},
        metadata);
  }
  if (model->lora) save_peft(*model->llama, *model->lora, directory / runs::kAdapterFolder, llm_path);
}

void load_trained(MidiLlama& model, const fs::path& directory) {
  load_tensors({{"weight", model->projector->weight}, {"bias", model->projector->bias}}, directory / runs::kProjectorFile);
  const fs::path adapter = directory / runs::kAdapterFolder;
  if (fs::exists(adapter)) {
    load_adapter(model, adapter);
  } else if (model->lora) {
    throw InputError(directory.string(), runs::kAdapterFolder, "is missing although the model has LoRA adapters");
  }
}

void load_whitening(Projector& projector, const fs::path& directory) {
  const fs::path path = directory / runs::kWhitenedProjectorFile;
  if (!fs::exists(path)) return;
  const auto size = projector->weight.size(1);
  const torch::Tensor mean = torch::empty({size}), directions = torch::empty({size, size});
  load_tensors({{"weight", projector->weight}, {"bias", projector->bias}, {"mean", mean}, {"directions", directions}}, path);
  projector->whiten(mean, directions);
}

}  // namespace midillama::model
