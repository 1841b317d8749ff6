// The shape of a Llama, as Hugging Face's config.json writes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace midillama::shapes {

// Llama 3.1's stretched rotary frequencies (transformers: rope_type "llama3").
struct Llama3RopeScaling {
  double factor = 8.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  std::int64_t original_max_position_embeddings = 8192;
};

struct LlamaConfig {
  std::int64_t vocab_size = 128256;
  std::int64_t hidden_size = 4096;
  std::int64_t intermediate_size = 14336;
  std::int64_t num_hidden_layers = 32;
  std::int64_t num_attention_heads = 32;
  std::int64_t num_key_value_heads = 8;
  std::int64_t head_dim = 128;
  std::int64_t max_position_embeddings = 8192;
  double rope_theta = 500000.0;
  std::optional<Llama3RopeScaling> rope_scaling;
  double rms_norm_eps = 1e-5;
  bool tie_word_embeddings = false;
  std::optional<std::int64_t> bos_token_id;
  std::vector<std::int64_t> eos_token_ids;

  // config.json (and generation_config.json's eos ids) of a Hugging Face directory; keys that may be missing have transformers' defaults.
  // Every mistake, and everything that this model does not implement, is in one InputError.
  static LlamaConfig read(const std::filesystem::path& directory);
  void write(const std::filesystem::path& directory) const;
};

}  // namespace midillama::shapes
