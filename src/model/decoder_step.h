// A step of decoding on a CPU in float32: one pass of loops through all layers (kernels/decoder_step.h), where LibTorch's operations would
// cost more than the products between them.
#pragma once

#include "midillama/model/llama.h"
#include "rotary.h"

#include <optional>

namespace midillama::model {

struct Int8Weights;

// The hidden states after the last norm [rows, 1, hidden_size] of one new token a row, whose keys and values are added to the cache;
// nothing where LibTorch's operations are to do it: with gradients, on other devices, in other dtypes, for other numbers of tokens.
// `int8`: read in place of the decoder's own matrices and norms, which then may be in another dtype; null: its own, for few rows only.
std::optional<torch::Tensor> decoder_step(const LlamaImpl& llama, const Int8Weights* int8, const torch::Tensor& embeddings,
                                          const AttentionContext& context, const RotaryTable& rotary);

}  // namespace midillama::model
