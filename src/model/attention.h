// Scaled dot-product attention over what an AttentionContext allows. Six ways lead there; the first of these that fits is taken:
//
//   way                          runs where                                                                        by
//   texts in loops of our own    CPU, float32, the decoder without cache and mask, head_dim a multiple of 16       attend_texts()
//   one new token, likewise      CPU, float32, no gradients, one query a row (decoding), at most 8 heads to a key  attend_next()
//   texts in one flash pass      GPU, 16-bit, texts laid end to end, head_dim a multiple of 8 up to 256            ATen's flash attention
//   texts one after another      texts laid end to end in any other case                                           each as a row below
//   one new token, by groups     one query a row, heads that share keys                                            ATen, groups for tokens
//   whole rows                   everything else: prefill, masks, the encoder, float64                             ATen
#pragma once

#include "midillama/model/attention_context.h"
#include "text_attention.h"

#include <torch/types.h>

#include <cstdint>
#include <vector>

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
