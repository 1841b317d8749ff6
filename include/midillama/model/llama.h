// Llama (Touvron et al. 2023; Hugging Face's LlamaForCausalLM): RMSNorm, half-split RoPE, grouped-query attention, SwiGLU.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "midillama/config/schema.h"
#include "midillama/model/key_value_cache.h"

namespace midillama::model {

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
  double rms_norm_eps = 1e-5;
  bool tie_word_embeddings = false;
  std::optional<std::int64_t> bos_token_id;
  std::vector<std::int64_t> eos_token_ids;

  // config.json (and generation_config.json's eos ids) of a Hugging Face directory; what this model does not implement is an InputError.
  static LlamaConfig read(const std::filesystem::path& directory);
  void write(const std::filesystem::path& directory) const;
};

// Where a batch's tokens stand and what they may attend to.
struct AttentionContext {
  torch::Tensor positions;          // [batch, seq] int64 rotary positions
  torch::Tensor mask;               // bool [batch, 1, seq, keys], true: may attend; undefined: causal within the row
  KeyValueCache* cache = nullptr;   // keys and values of earlier tokens, extended by the call
};

// Module names equal Hugging Face's (model.embed_tokens, model.layers.N.self_attn.q_proj …, model.norm, lm_head).
struct LlamaImpl : torch::nn::Module {
  explicit LlamaImpl(const LlamaConfig& config);

  // ids [...] int64 → [..., hidden_size]
  torch::Tensor embed(const torch::Tensor& ids);
  // embeddings [batch, seq, hidden_size] → hidden states after the last norm, same shape.
  torch::Tensor forward(const torch::Tensor& embeddings, const AttentionContext& context);
  // hidden states [..., hidden_size] → logits [..., vocab_size], in the model's dtype.
  torch::Tensor logits(const torch::Tensor& hidden_states);

  LlamaConfig config;
};
TORCH_MODULE(Llama);

// Where a directory's weights can be had: loaded in `dtype` on `device`, eval mode, no gradients, every weight accounted for.
Llama load_llama(const std::filesystem::path& directory, torch::Device device, torch::ScalarType dtype);
// config.json and model.safetensors, Hugging Face layout.
void save_llama(Llama& llama, const std::filesystem::path& directory);

}  // namespace midillama::model
