// What a stage trained: projector and adapter.
#include "midillama/core/error.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/peft.h"
#include "midillama/runs/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace midillama::model {
namespace fs = std::filesystem;
namespace {

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
  if (model->projector) model->projector->save(directory);
  if (model->lora) save_peft(*model->llama, *model->lora, directory / runs::kAdapterFolder, llm_path);
}

void load_trained(MidiLlama& model, const fs::path& directory) {
  if (model->projector) model->projector->load(directory);
  const fs::path adapter = directory / runs::kAdapterFolder;
  if (fs::exists(adapter)) {
    load_adapter(model, adapter);
  } else if (model->lora) {
    throw InputError(directory.string(), runs::kAdapterFolder, "is missing although the model has LoRA adapters");
  }
}

}  // namespace midillama::model
