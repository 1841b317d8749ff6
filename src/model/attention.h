// Scaled dot-product attention over what an AttentionContext allows.
#pragma once

#include "midillama/model/llama.h"
#include "text_attention.h"

namespace midillama::model {

// Fills in what the caller left open: positions, the mask of several new tokens after cached ones, and what is not there yet of a cache
// with fixed shapes.
AttentionContext complete(const AttentionContext& context, std::int64_t tokens, torch::Device device);

// queries [batch, heads, seq, head_dim], keys and values [batch, key-value heads, keys, head_dim]; mask as in AttentionContext, undefined:
// all may be attended to, or where `causal` the tokens before → [batch, seq, heads · head_dim]. `lengths`: the one row holds texts of these
// lengths laid end to end (no mask), each of which attends to itself; no work is spent on pairs of texts. Empty: the rows are whole.
torch::Tensor attend(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask,
                     const std::vector<std::int64_t>& lengths, bool causal);

// The decoder's: queries, keys and values [batch, seq, layout.width()] of `layer`, the queries and keys turned, those of the cache before
// them → [batch, seq, queries · size]. Causal.
torch::Tensor attend(const torch::Tensor& projected, const HeadLayout& layout, std::int64_t layer, const AttentionContext& context);

}  // namespace midillama::model
