// Scaled dot-product attention over what an AttentionContext allows.
#pragma once

#include "midillama/model/llama.h"

namespace midillama::model {

// Fills in what the caller left open: positions, and the mask of several new tokens behind cached ones.
AttentionContext complete(const AttentionContext& context, std::int64_t tokens, torch::Device device);

// queries [batch, heads, seq, head_dim], keys and values [batch, key-value heads, keys, head_dim] → [batch, seq, heads · head_dim].
torch::Tensor attend(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const AttentionContext& context);

}  // namespace midillama::model
