// Scaled dot-product attention over what an AttentionContext allows.
#pragma once

#include "midillama/model/llama.h"

namespace midillama::model {

// Fills in what the caller left open: positions, and the mask of several new tokens behind cached ones.
AttentionContext complete(const AttentionContext& context, std::int64_t tokens, torch::Device device);

// queries [batch, heads, seq, head_dim], keys and values [batch, key-value heads, keys, head_dim]; mask as in AttentionContext, undefined:
// all may be attended to, or where `causal` the tokens before → [batch, seq, heads · head_dim].
torch::Tensor attend(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask,
                     bool causal);

// The same for texts laid end to end in one row: no work is spent on padding or on pairs of texts.
torch::Tensor attend_packed(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values,
                            const std::vector<std::int64_t>& lengths, bool causal);

}  // namespace midillama::model
