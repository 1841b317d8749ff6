#include "midillama/tools/export.h"

#include "midillama/config/config.h"
#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/model/llama.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/musicbert.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"
#include "midillama/weights/safetensors.h"
#include "tools/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::tools {
namespace fs = std::filesystem;
namespace {

constexpr const char* kAdapterConfig = "adapter/adapter_config.json";
constexpr const char* kAdapterWeights = "adapter/adapter_model.safetensors";

// Of config.json and the weight files, by content: the same model gives the same fingerprint wherever it lies.
std::string model_fingerprint(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".safetensors" || entry.path().filename() == "config.json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::string parts;
  for (const fs::path& file : files) parts += fmt::format("{} {}\n", file.filename().string(), fingerprint_file(file));
  return fingerprint(parts);
}

ModelCard::Model describe(const std::string& path, std::int64_t layers, std::int64_t hidden_size) {
  return {path, layers, hidden_size, model_fingerprint(path)};
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

}  // namespace

void export_checkpoint(const config::Config& config, const fs::path& checkpoint, const fs::path& directory) {
  require_new_directory(directory);
  const auto encoder = model::MusicBertConfig::read(config.music_encoder.path);
  const auto llm = model::LlamaConfig::read(config.llm.path);
  const auto tokenizer = text::load_tokenizer(config.llm.path);
  const text::PromptTemplate prompt(config.prompt.template_text, *tokenizer);
  if (!prompt.has_music()) {
    throw ConfigError({fmt::format("prompt.template: has no {{music}}, so there is no projector to export; {} is a PEFT adapter as it is",
                                   (checkpoint / model::kAdapterFolder).string())});
  }
  const auto projector = model::make_projector(config.projector, encoder.hidden_size, llm.hidden_size, 0);
  require_projector(checkpoint / model::kProjectorFile, *projector);

  ModelCard card;
  const fs::path target = fs::absolute(directory).lexically_normal();
  card.name = (target.has_filename() ? target : target.parent_path()).filename().string();
  card.encoder = describe(config.music_encoder.path, encoder.num_hidden_layers, encoder.hidden_size);
  card.llm = describe(config.llm.path, llm.num_hidden_layers, llm.hidden_size);
  card.music_tokens = projector->tokens(config.music_encoder.tokens);
  card.projector = projector->card();
  card.dtype = config.llm.dtype;
  card.prompt = prompt.text();
  card.has_adapter = fs::exists(checkpoint / model::kAdapterFolder);
  const fs::path llm_path = config.llm.path;
  card.sentencepiece_only = !fs::exists(llm_path / "tokenizer.json") && !fs::exists(llm_path / "tokenizer_config.json");

  write_directory(directory, [&](const fs::path& unfinished) {
    fs::copy_file(checkpoint / model::kProjectorFile, unfinished / model::kProjectorFile);
    if (card.has_adapter) {
      fs::create_directory(unfinished / model::kAdapterFolder);
      for (const char* file : {kAdapterConfig, kAdapterWeights}) fs::copy_file(checkpoint / file, unfinished / file);
    }
    write_atomically(unfinished / "config.yaml", config::dump(config));
    write_atomically(unfinished / "README.md", to_markdown(card));
  });
}

}  // namespace midillama::tools
