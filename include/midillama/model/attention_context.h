// Where a batch's tokens are in their texts, and what they may attend to.
#pragma once

#include "midillama/model/key_value_cache.h"

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace midillama::model {

struct AttentionContext {
  torch::Tensor positions;         // [batch, seq] int64 rotary positions; undefined: counted from each text's start
  torch::Tensor mask;              // bool [batch, 1, seq, keys], true: may attend; undefined: causal within the row
  KeyValueCache* cache = nullptr;  // keys and values of earlier tokens, extended by the call
  // Texts of these lengths laid end to end in the one row of the batch (no mask, no cache): each is causal within itself, and none is
  // padded.
  std::vector<std::int64_t> lengths;
  torch::Tensor outputs;  // [n] int64 positions in the row whose hidden states are wanted; undefined: all of them
  // [n] int64 positions in the batch's rows laid end to end whose embeddings take a gradient; undefined: all that the embeddings require.
  torch::Tensor gradient_rows;
};

}  // namespace midillama::model
