// Rotary position embedding (Su et al. 2021) in Hugging Face's half-split layout.
#pragma once

#include "midillama/model/llama.h"

namespace midillama::model {

// θ^(-2i / head_dim), stretched as the configuration asks: [head_dim / 2] float32.
torch::Tensor rotary_frequencies(const LlamaConfig& config);

// positions [batch, seq] int64; angles in float32, the table in `dtype`.
RotaryTable rotary_table(const torch::Tensor& positions, const torch::Tensor& frequencies, torch::ScalarType dtype);

// x: [batch, seq, heads, head_dim]; component i turns with component i + head_dim / 2.
torch::Tensor rotate(const torch::Tensor& x, const RotaryTable& table);

}  // namespace midillama::model
