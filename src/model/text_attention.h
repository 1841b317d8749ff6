// Causal self-attention of texts laid end to end, on a CPU in float32: loops of our own (kernels/attention.h), which read the heads where
// the projections left them. ATen's fused attention takes one text at a time, and a dozen operations around each.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace midillama::model {

// How a token's projections lie beside each other: query heads, key heads, as many value heads, of `size` elements each.
struct HeadLayout {
  std::int64_t queries;
  std::int64_t keys;
  std::int64_t size;

  std::int64_t width() const { return (queries + 2 * keys) * size; }
};

// heads [tokens, layout.width()] of texts of these lengths, the queries and keys turned → [tokens, queries · size]. For heads that
// can_attend_texts(); differentiable.
torch::Tensor attend_texts(const torch::Tensor& heads, const HeadLayout& layout, const std::vector<std::int64_t>& lengths);
bool can_attend_texts(const torch::Tensor& heads, const HeadLayout& layout);

}  // namespace midillama::model
