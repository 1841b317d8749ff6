// Llama (Touvron et al. 2023; Hugging Face's LlamaForCausalLM): RMSNorm, half-split RoPE, grouped-query attention, SwiGLU.
#pragma once

#include "midillama/model/attention_context.h"
#include "midillama/model/layers.h"
#include "midillama/model/lora.h"
#include "midillama/shapes/llama_config.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace midillama::model {

using shapes::Llama3RopeScaling;
using shapes::LlamaConfig;

struct RotaryTable;
struct Int8Weights;

// What a layer is asked for, as in AttentionContext; undefined: all.
struct LayerRows {
  torch::Tensor outputs;
  torch::Tensor gradient_rows;
};

struct LlamaAttentionImpl : torch::nn::Module {
  LlamaAttentionImpl(const LlamaConfig& config, std::int64_t layer, const torch::TensorOptions& options);
  // x: the residual stream, which is normed first.
  torch::Tensor forward(const torch::Tensor& x, const RmsNorm& norm, const RotaryTable& rotary, const AttentionContext& context,
                        const LayerRows& rows);

  LoraLinear q_proj{nullptr}, k_proj{nullptr}, v_proj{nullptr}, o_proj{nullptr};
  std::int64_t heads, key_heads, head_dim;
  std::int64_t layer;
};
TORCH_MODULE(LlamaAttention);

struct LlamaMlpImpl : torch::nn::Module {
  LlamaMlpImpl(const LlamaConfig& config, const torch::TensorOptions& options);
  // x: as above.
  torch::Tensor forward(const torch::Tensor& x, const RmsNorm& norm);

  LoraLinear gate_proj{nullptr}, up_proj{nullptr}, down_proj{nullptr};
};
TORCH_MODULE(LlamaMlp);

struct LlamaLayerImpl : torch::nn::Module {
  LlamaLayerImpl(const LlamaConfig& config, std::int64_t layer, const torch::TensorOptions& options);
  // Only the wanted outputs go past the attention.
  torch::Tensor forward(const torch::Tensor& x, const RotaryTable& rotary, const AttentionContext& context, const LayerRows& rows);

  RmsNorm input_layernorm{nullptr}, post_attention_layernorm{nullptr};
  LlamaAttention self_attn{nullptr};
  LlamaMlp mlp{nullptr};
};
TORCH_MODULE(LlamaLayer);

struct LlamaModelImpl : torch::nn::Module {
  LlamaModelImpl(const LlamaConfig& config, const torch::TensorOptions& options);

  Embedding embed_tokens{nullptr};
  std::vector<LlamaLayer> layers;
  RmsNorm norm{nullptr};
};
TORCH_MODULE(LlamaModel);

// Module names equal Hugging Face's (model.embed_tokens, model.layers.N.self_attn.q_proj …, model.norm, lm_head). The parameters begin
// uninitialised, in the dtype and on the device of `options`; a tied model has no lm_head.
struct LlamaImpl : torch::nn::Module {
  explicit LlamaImpl(const LlamaConfig& config, const torch::TensorOptions& options = {});

  // ids [...] int64 → [..., hidden_size]
  torch::Tensor embed(const torch::Tensor& ids);
  // embeddings [batch, seq, hidden_size] → hidden states after the last norm, [batch, seq or n, hidden_size]. A row of the mask that allows
  // nothing (left padding) gives finite values without meaning.
  torch::Tensor forward(const torch::Tensor& embeddings, const AttentionContext& context);
  // hidden states [..., hidden_size] → logits [..., vocab_size], in the model's dtype.
  torch::Tensor logits(const torch::Tensor& hidden_states);
  // From now on steps of decoding (one new token a row, after others in a cache) and logits read 8-bit copies of the matrices, which are
  // made when they are first needed, and compute in float32 whatever the decoder's dtype. Prompts, many tokens at once, are read with the
  // matrices themselves. UsageError for a decoder that cannot: one on another device than a CPU, or that trains.
  void decode_in_int8();
  bool decodes_in_int8() const { return decodes_in_int8_; }
  // The output matrix [vocab_size, hidden_size]: lm_head's, or the embedding table of a tied model.
  const torch::Tensor& output_weight() const;

  LlamaConfig config;
  LlamaModel model{nullptr};
  Linear lm_head{nullptr};
  bool recompute_layers = false;  // keep only each layer's input for the backward pass, which then runs the layers again

 private:
  const Int8Weights& int8_weights();
  torch::Tensor int8_step(const torch::Tensor& embeddings, const AttentionContext& context);

  torch::Tensor inverse_frequencies_;  // [head_dim / 2] float32
  bool decodes_in_int8_ = false;
  std::shared_ptr<const Int8Weights> int8_weights_;  // null: not needed so far
};
TORCH_MODULE(Llama);

// For training from scratch: matrices N(0, 0.02²), norms one.
void initialize_weights(Llama& llama, std::uint64_t seed);

// The shape of a directory's decoder, once config.json and the headers of its weight files are found to agree on every name and shape; no
// weight is read. InputError with the whole list where they do not.
LlamaConfig check_llama(const std::filesystem::path& directory);
// A directory's decoder in `dtype` on `device`, eval mode, no gradients, every weight accounted for. check_llama()
// comes before memory is taken.
Llama load_llama(const std::filesystem::path& directory, torch::Device device, torch::ScalarType dtype);
// config.json and model.safetensors, Hugging Face layout; adapters are left out.
void save_llama(Llama& llama, const std::filesystem::path& directory);

}  // namespace midillama::model
