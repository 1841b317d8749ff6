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
  static LinearInput plain(const torch::Tensor& x) { return {Kind::plain, {x}, 0}; }
  // trained: int64 rows of x whose gradient is wanted, the others' is taken for zero; undefined: all.
  static LinearInput rms_normed(const torch::Tensor& x, const RmsNorm& norm, const torch::Tensor& trained = {}) {
    return {Kind::rms_normed, {x, norm->weight}, norm->epsilon, trained};
  }
  // [..., 2 · size]: gate and up beside each other.
  static LinearInput swiglu(const torch::Tensor& gate_up) { return {Kind::swiglu, {gate_up}, 0}; }

  Kind kind = Kind::plain;
  std::vector<torch::Tensor> sources;
  double epsilon = 0;  // of rms_normed
  torch::Tensor trained = {};
};

// [..., in] → the layers' outputs beside each other, [..., sum of out], in their weights' dtype. Weights that lie one after the other
// (linears_together) are multiplied by as they are, others copied together first.
torch::Tensor linears(const LinearInput& input, std::initializer_list<const LoraLinearImpl*> layers);

}  // namespace midillama::model
