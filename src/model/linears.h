// The linear layers of a decoder block with their adapters, those that read the same input together: one product for all layers, one pass
// over the input for all adapters, one gradient of it.
//
// What the layers read is kept for the backward pass as what it is computed from (the residual stream before a norm, gate and up before
// their product) and computed again there: these tensors are alive anyway, and the second computation costs a pass over memory. Beside
// them an adapter keeps its rank-sized hidden vector and, with dropout, a byte for each element of its input. Base weights take a gradient
// only where they require one.
#pragma once

#include "midillama/model/layers.h"
#include "midillama/model/lora.h"

#include <torch/types.h>

#include <initializer_list>
#include <vector>

namespace midillama::model {

// What linear layers read.
struct LinearInput {
  enum class Kind { plain, rms_normed, swiglu };

  // x [..., size]
  static LinearInput plain(const torch::Tensor& x) { return {Kind::plain, x}; }
  // gradient_rows: int64 rows of x that take a gradient, the others' is taken for zero; undefined: all.
  static LinearInput rms_normed(const torch::Tensor& x, const RmsNorm& norm, const torch::Tensor& gradient_rows = {}) {
    return {Kind::rms_normed, x, norm->weight, norm->epsilon, gradient_rows};
  }
  // [..., 2 · size]: gate and up beside each other.
  static LinearInput swiglu(const torch::Tensor& gate_up) { return {Kind::swiglu, gate_up}; }

  Kind kind = Kind::plain;
  torch::Tensor x;
  torch::Tensor norm_weight = {};  // of rms_normed, as what follows
  double epsilon = 0;
  torch::Tensor gradient_rows = {};
};

// One layer: its weight, and its adapter as it works in this pass.
struct AdaptedWeight {
  torch::Tensor weight;  // [out, in]
  torch::Tensor lora_A;  // [rank, in]; undefined without adapter, as what follows
  torch::Tensor lora_B;  // [out, rank]
  double scaling = 0;
  double dropout = 0;  // 0 outside training
};

// How the outputs lie in memory. A pass over one layer's outputs alone is over memory without gaps where columns are kept together: on a
// GPU, where ATen's operations make such passes, three times as fast. On a CPU, and where no gradients are recorded, rows always are.
enum class KeepsTogether { rows, columns };

// [..., in] → the layers' outputs beside each other, [..., sum of out], in their weights' dtype. Weights that lie after each other in
// memory (linears_together) are multiplied by as they are, others copied together first.
torch::Tensor linears(const LinearInput& input, const std::vector<AdaptedWeight>& layers, KeepsTogether keeps = KeepsTogether::rows);
torch::Tensor linears(const LinearInput& input, std::initializer_list<const LoraLinearImpl*> layers,
                      KeepsTogether keeps = KeepsTogether::rows);

}  // namespace midillama::model
