// The post-LN transformer block of BERT, RoBERTa and MusicBERT.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

namespace midillama::model {

// Self-attention, add, norm; feed-forward with exact (erf) GELU, add, norm. fairseq's names: self_attn.{q,k,v,out}_proj,
// self_attn_layer_norm, fc1, fc2, final_layer_norm.
struct EncoderLayerImpl : torch::nn::Module {
  EncoderLayerImpl(std::int64_t hidden_size, std::int64_t num_attention_heads, std::int64_t intermediate_size, double layer_norm_eps,
                   double dropout);

  // x: [batch, seq, hidden_size]; mask: bool [batch, 1, 1, seq], true: may be attended to; undefined: no padding.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& mask);
};
TORCH_MODULE(EncoderLayer);

}  // namespace midillama::model
