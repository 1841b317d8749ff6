// Cross-entropy from hidden states, without ever holding the logits of a whole batch.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

namespace midillama::model {

struct TokenLosses {
  torch::Tensor sum;        // [] float32, with gradient
  torch::Tensor per_token;  // [n] float32, detached
};

// hidden_states [n, hidden_size] and output_weight [vocab_size, hidden_size] of one dtype, targets [n] int64. Logits and their gradient are
// computed in slices of rows, at most `slice_elements` logits at a time (shapes/pieces.h), in float32 after the matrix product; gradients
// reach whichever of the two inputs asks for them, once.
TokenLosses next_token_loss(const torch::Tensor& hidden_states, const torch::Tensor& output_weight, const torch::Tensor& targets,
                            std::optional<std::int64_t> slice_elements = std::nullopt);

}  // namespace midillama::model
