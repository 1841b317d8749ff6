// Rotary position embedding (Su et al. 2021) in Hugging Face's half-split layout.
#pragma once

#include "midillama/shapes/llama_config.h"
#include "text_attention.h"

namespace midillama::model {

// Cosines and sines of a forward pass, [batch or 1, seq, 1, head_dim / 2], shared by its layers.
struct RotaryTable {
  torch::Tensor cos;
  torch::Tensor sin;
};

// θ^(-2i / head_dim), stretched as the configuration asks: [head_dim / 2] float32.
torch::Tensor rotary_frequencies(const shapes::LlamaConfig& config);

// positions [batch, seq] int64; angles in float32, the table in `dtype`.
RotaryTable rotary_table(const torch::Tensor& positions, const torch::Tensor& frequencies, torch::ScalarType dtype);

// projected [batch, seq, layout.width()]: queries and keys turn, component i of a head with component i + head_dim / 2; values stay.
torch::Tensor rotate(const torch::Tensor& projected, const HeadLayout& layout, const RotaryTable& table);

}  // namespace midillama::model
