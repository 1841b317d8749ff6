// The post-LN transformer block of BERT, RoBERTa and MusicBERT.
#pragma once

#include "midillama/model/layers.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace midillama::model {

// x Φ(x), or its approximation by tanh (Hendrycks & Gimpel 2016).
enum class Gelu { exact, tanh };

// Multi-head attention with biases; every token may attend to every other.
struct EncoderAttentionImpl : torch::nn::Module {
  EncoderAttentionImpl(std::int64_t hidden_size, std::int64_t num_attention_heads, const torch::TensorOptions& options);
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& mask, const std::vector<std::int64_t>& lengths);

  Linear q_proj{nullptr}, k_proj{nullptr}, v_proj{nullptr}, out_proj{nullptr};
  std::int64_t num_attention_heads;
};
TORCH_MODULE(EncoderAttention);

// Self-attention, add, norm; feed-forward with GELU, add, norm. fairseq's names: self_attn.{q,k,v,out}_proj,
// self_attn_layer_norm, fc1, fc2, final_layer_norm. In training mode dropout acts on both branches before they are added (not on the
// attention weights: the fused kernels know none).
struct EncoderLayerImpl : torch::nn::Module {
  EncoderLayerImpl(std::int64_t hidden_size, std::int64_t num_attention_heads, std::int64_t intermediate_size, double layer_norm_eps,
                   double dropout, const torch::TensorOptions& options = {});

  // x: [batch, seq, hidden_size]; mask: bool [batch, 1, 1, seq], true: may be attended to; undefined: no padding.
  // `lengths`: the one row of the batch holds texts of these lengths, laid end to end (no mask), each of which attends to itself.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& mask, const std::vector<std::int64_t>& lengths = {});

  EncoderAttention self_attn{nullptr};
  LayerNorm self_attn_layer_norm{nullptr}, final_layer_norm{nullptr};
  Linear fc1{nullptr}, fc2{nullptr};
  double dropout;
  Gelu gelu = Gelu::exact;
};
TORCH_MODULE(EncoderLayer);

}  // namespace midillama::model
