// A decoder's matrices in 8 bits (kernels/int8.h), which steps of decoding on a CPU read in place of its own.
#pragma once

#include "midillama/kernels/int8.h"

#include <torch/types.h>

#include <vector>

namespace midillama::model {

struct LlamaImpl;

struct Int8Matrix {
  // Of weights [outputs, inputs] on a CPU, in any floating-point dtype, below each other.
  explicit Int8Matrix(const std::vector<torch::Tensor>& weights);
  kernels::Int8Weight view() const;

  std::int64_t outputs;
  std::int64_t inputs;
  torch::Tensor levels;  // int8, as kernels::Int8Weight has them
  torch::Tensor scales;  // bfloat16, likewise
};

// The norms are float32 whatever the decoder's dtype, as the steps are.
struct Int8Weights {
  explicit Int8Weights(const LlamaImpl& llama);

  struct Layer {
    torch::Tensor attention_norm;
    Int8Matrix query_key_value;
    Int8Matrix attention_output;
    torch::Tensor mlp_norm;
    Int8Matrix gate_up;
    Int8Matrix down;
  };
  std::vector<Layer> layers;
  torch::Tensor last_norm;
  Int8Matrix head;
};

// hidden states [n, inputs] float32 → [n, outputs]
torch::Tensor product(const torch::Tensor& x, const Int8Matrix& weight);

}  // namespace midillama::model
