// Llama directories in Hugging Face's layout.
#include "midillama/core/log.h"
#include "midillama/model/llama.h"
#include "midillama/weights/load.h"

namespace midillama::model {
namespace fs = std::filesystem;
namespace {

constexpr const char* kEmbeddingName = "model.embed_tokens.weight";
constexpr const char* kHeadName = "lm_head.weight";

bool has_both(const weights::Checkpoint& checkpoint) {
  return checkpoint.contains(kHeadName) && checkpoint.contains(kEmbeddingName);
}

// A checkpoint that holds two different matrices is not tied whatever its configuration says; transformers reads it so, too.
bool is_tied(const LlamaConfig& config, const weights::Checkpoint& checkpoint) {
  if (!config.tie_word_embeddings || !has_both(checkpoint)) return config.tie_word_embeddings;
  if (at::equal(checkpoint.tensor(kHeadName), checkpoint.tensor(kEmbeddingName))) return true;
  log::warning("{}: tie_word_embeddings is true, but {} and {} differ; both are used", checkpoint.directory().string(), kHeadName,
               kEmbeddingName);
  return false;
}

weights::NameMap name_map(const weights::Checkpoint& checkpoint, bool tied) {
  const bool head_only = tied && !checkpoint.contains(kEmbeddingName);
  return [tied, head_only](const std::string& name) -> std::optional<std::string> {
    if (name.ends_with("rotary_emb.inv_freq")) return std::nullopt;
    if (name != kHeadName || !tied) return name;
    return head_only ? std::optional<std::string>(kEmbeddingName) : std::nullopt;
  };
}

}  // namespace

LlamaConfig check_llama(const fs::path& directory) {
  const LlamaConfig config = LlamaConfig::read(directory);
  const weights::Checkpoint checkpoint(directory);
  LlamaConfig shape = config;
  shape.tie_word_embeddings = config.tie_word_embeddings && !has_both(checkpoint);  // two matrices must both have the right shape
  weights::require_weights(*Llama(shape, torch::TensorOptions().device(torch::kMeta)), checkpoint,
                           name_map(checkpoint, shape.tie_word_embeddings));
  return config;
}

Llama load_llama(const fs::path& directory, torch::Device device, torch::ScalarType dtype) {
  LlamaConfig config = check_llama(directory);
  const weights::Checkpoint checkpoint(directory);
  config.tie_word_embeddings = is_tied(config, checkpoint);
  const weights::NameMap names = name_map(checkpoint, config.tie_word_embeddings);
  Llama llama(config, torch::TensorOptions().device(device).dtype(dtype));
  weights::load_weights(*llama, checkpoint, names);
  llama->eval();
  for (torch::Tensor& parameter : llama->parameters()) parameter.set_requires_grad(false);
  return llama;
}

void save_llama(Llama& llama, const fs::path& directory) {
  weights::TensorMap tensors;
  for (const auto& parameter : llama->named_parameters()) {
    if (parameter.key().find(".lora_") == std::string::npos) tensors.emplace(parameter.key(), parameter.value());
  }
  llama->config.write(directory);
  weights::write_safetensors(directory / "model.safetensors", tensors, {{"format", "pt"}});
}

}  // namespace midillama::model
