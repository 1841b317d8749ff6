// What a stage trained: projector and adapter.
#include "midillama/core/error.h"
#include "midillama/model/midi_llama.h"
#include "midillama/weights/safetensors.h"
#include "peft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace midillama::model {
namespace fs = std::filesystem;
namespace {

constexpr const char* kProjectorFile = "projector.safetensors";
constexpr const char* kAdapterFolder = "adapter";

void load_projector(Projector& projector, const fs::path& path) {
  const weights::SafetensorsFile file(path);
  std::string problems;
  for (const auto& parameter : projector->named_parameters()) {
    const auto found = file.tensors().find(parameter.key());
    if (found == file.tensors().end()) {
      problems += fmt::format("\n  missing: {}", parameter.key());
    } else if (parameter.value().sizes() != at::IntArrayRef(found->second.shape)) {
      problems += fmt::format("\n  wrong shape: {}: file [{}], model [{}]", parameter.key(), fmt::join(found->second.shape, ", "),
                              fmt::join(parameter.value().sizes().vec(), ", "));
    }
  }
  for (const auto& [name, info] : file.tensors()) {
    if (!projector->named_parameters().contains(name)) problems += fmt::format("\n  unexpected: {}", name);
  }
  if (!problems.empty()) throw InputError(path.string(), "", "the projector does not fit encoder and decoder:" + problems);
  for (const auto& parameter : projector->named_parameters()) file.copy_into(parameter.key(), parameter.value());
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
                     fmt::format("the adapter has {}; the model was given {}", describe(lora), describe(*model->lora)));
  }
  load_peft_weights(*model->llama, directory);
}

}  // namespace

void save_trained(MidiLlama& model, const fs::path& directory, const std::string& llm_path) {
  weights::write_safetensors(directory / kProjectorFile, {{"weight", model->projector->weight}, {"bias", model->projector->bias}},
                             {{"format", "pt"}});
  if (model->lora) save_peft(*model->llama, *model->lora, directory / kAdapterFolder, llm_path);
}

void load_trained(MidiLlama& model, const fs::path& directory) {
  load_projector(model->projector, directory / kProjectorFile);
  const fs::path adapter = directory / kAdapterFolder;
  if (fs::exists(adapter)) {
    load_adapter(model, adapter);
  } else if (model->lora) {
    throw InputError(directory.string(), kAdapterFolder, "is missing although the model has LoRA adapters");
  }
}

}  // namespace midillama::model
