#include "midillama/tools/export.h"

#include "midillama/config/config.h"
#include "midillama/config/flatten.h"
#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "midillama/model/llama.h"
#include "midillama/model/lora_targets.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/musicbert.h"
#include "midillama/model/peft.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trained_with.h"
#include "midillama/shapes/prompt.h"
#include "midillama/text/tokenizer.h"
#include "midillama/weights/finite.h"
#include "midillama/weights/safetensors.h"
#include "tools/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::tools {
namespace fs = std::filesystem;
namespace {

ModelCard::Model describe(const std::string& path, std::int64_t layers, std::int64_t hidden_size) {
  return {path, layers, hidden_size, runs::model_fingerprint(path)};
}

// The file's tensors are those of a projector from this encoder to this decoder.
void require_projector(const fs::path& file, const model::Projector& projector) {
  const weights::SafetensorsFile saved(file);
  for (const auto& parameter : projector.named_parameters()) {
    const auto found = saved.tensors().find(parameter.key());
    if (found != saved.tensors().end() && parameter.value().sizes() == at::IntArrayRef(found->second.shape)) continue;
    throw InputError(
        file.string(), parameter.key(),
        fmt::format("must be [{}] to lead from music_encoder.path to llm.path, is {}", fmt::join(parameter.value().sizes(), ", "),
                    found == saved.tensors().end() ? "missing" : fmt::format("[{}]", fmt::join(found->second.shape, ", "))));
  }
}

// Whole, and of the decoder's shapes: the folder alone proves nothing.
void require_adapter(const fs::path& directory, const model::LlamaConfig& llm) {
  model::Llama shape(llm, torch::TensorOptions().device(torch::kMeta));
  model::add_adapters(*shape, model::read_peft_config(directory), 0);
  model::open_peft_weights(*shape, directory);
}

// What the checkpoint was made with, as its run or its bundle recorded it, and over it what somebody chose. The given settings where there
// is no record.
config::Config settings_of(const config::Config& config, const fs::path& checkpoint) {
  const fs::path place = fs::canonical(checkpoint);
  for (const fs::path& record : {place / runs::kConfigFile, place.parent_path().parent_path() / runs::kConfigFile}) {
    if (!fs::is_regular_file(record)) continue;
    config::Config recorded = config::load(record);
    Json chosen = config::flatten(config);
    for (const std::string& key : config.assumed) chosen.erase(key);
    for (const char* path : {"llm.path", "music_encoder.path"}) chosen[path] = config::flatten(config).at(path);
    config::assign(recorded, chosen, record.string());
    return recorded;
  }
  return config;
}

}  // namespace

void export_checkpoint(const config::Config& config, const fs::path& checkpoint, const fs::path& directory) {
  require_new_directory(directory);
  const auto encoder = model::MusicBertConfig::read(config.music_encoder.path);
  const auto llm = model::LlamaConfig::read(config.llm.path);
  const bool has_adapter = runs::has_adapter(checkpoint);
  if (has_adapter) require_adapter(checkpoint / runs::kAdapterFolder, llm);
  const auto tokenizer = text::load_tokenizer(config.llm.path);
  const auto prompt = shapes::prompt_template(config, *tokenizer);
  if (!prompt.has_music()) {
    throw ConfigError({fmt::format("prompt.template: has no {{music}}, so there is no projector to export; {} is a PEFT adapter as it is",
                                   (checkpoint / runs::kAdapterFolder).string())});
  }
  const auto projector = model::make_projector(config.projector, encoder.hidden_size, llm.hidden_size, 0);
  require_projector(checkpoint / runs::kProjectorFile, *projector);
  weights::require_finite(weights::SafetensorsFile(checkpoint / runs::kProjectorFile));
  if (has_adapter) weights::require_finite(weights::SafetensorsFile(checkpoint / runs::kAdapterFolder / runs::kAdapterWeightsFile));

  ModelCard card;
  const fs::path target = fs::absolute(directory).lexically_normal();
  card.name = (target.has_filename() ? target : target.parent_path()).filename().string();
  card.encoder = describe(config.music_encoder.path, encoder.num_hidden_layers, encoder.hidden_size);
  card.llm = describe(config.llm.path, llm.num_hidden_layers, llm.hidden_size);
  card.music_tokens = projector->tokens(config.music_encoder.tokens);
  card.projector = projector->card();
  card.is_pooled = config.music_encoder.pooling != "none";
  card.dtype = config.llm.dtype;
  card.prompt = prompt.one_turn();
  card.has_adapter = has_adapter;
  const fs::path llm_path = config.llm.path;
  card.sentencepiece_only = !fs::exists(llm_path / "tokenizer.json") && !fs::exists(llm_path / "tokenizer_config.json");

  write_new_directory(directory, [&](const fs::path& unfinished) {
    fs::copy_file(checkpoint / runs::kProjectorFile, unfinished / runs::kProjectorFile);
    if (card.has_adapter) {
      fs::create_directory(unfinished / runs::kAdapterFolder);
      for (const char* file : {runs::kAdapterConfigFile, runs::kAdapterWeightsFile}) {
        fs::copy_file(checkpoint / runs::kAdapterFolder / file, unfinished / runs::kAdapterFolder / file);
      }
    }
    // So the bundle knows what it was trained with.
    if (fs::exists(checkpoint / runs::kStateFile)) fs::copy_file(checkpoint / runs::kStateFile, unfinished / runs::kStateFile);
    write_atomically(unfinished / runs::kConfigFile, config::dump(settings_of(config, checkpoint)));
    write_atomically(unfinished / "README.md", to_markdown(card));
  });
}

}  // namespace midillama::tools
