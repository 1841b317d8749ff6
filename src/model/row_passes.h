// The passes between a decoder's products: on a CPU in float32 one loop over the rows each (kernels/rows.h), ATen's operations elsewhere.
// Only rms_norm and product are differentiable where gradients are recorded; the others are called from backward passes of their own
// (linears.h, rotary.h, next_token_loss.h).
#pragma once

#include "midillama/kernels/decoder_step.h"

#include <torch/types.h>

#include <span>
#include <vector>

namespace midillama::model {

// x in at least float32: what adapters and norms work in.
torch::Tensor widened(const torch::Tensor& x);

// x [..., size] / rms(x) · weight, normalised in float32 and rounded to x's dtype before the weight (Hugging Face's LlamaRMSNorm);
// on a GPU rounded once, after it.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon);
torch::Tensor rms_norm_backward(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& weight, double epsilon);
// The gradient of `weight` [size].
torch::Tensor rms_norm_weight_gradient(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& weight, double epsilon);

// silu(gate) · up [n, size] of gate and up beside each other, [n, 2 · size].
torch::Tensor swiglu(const torch::Tensor& gate_up);
torch::Tensor swiglu_backward(const torch::Tensor& grad, const torch::Tensor& gate_up);

// heads [batch, seq, heads, head_dim], the first `count` of them turned by the angles of cos and sin [batch or 1, seq, 1, head_dim / 2];
// backwards where `inverse`.
torch::Tensor turn(const torch::Tensor& heads, std::int64_t count, const torch::Tensor& cos, const torch::Tensor& sin, bool inverse);

// x [n, in] · weightᵀ [in, out] → [n, out]; differentiable where gradients are recorded. `few`: as of is_few().
torch::Tensor product(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t few = kernels::kSomeRows);
// a [m, k] · b [k, n] → [m, n]
torch::Tensor matrix_product(const torch::Tensor& a, const torch::Tensor& b);
// out = kept · out + factor · a · b, as addmm_.
void add_matrix_product_(const torch::Tensor& out, const torch::Tensor& a, const torch::Tensor& b, double kept = 1, double factor = 1);
// The same by oneDNN, for float32 on a CPU: what the above does where that is faster.
void add_one_dnn_product_(const torch::Tensor& out, const torch::Tensor& a, const torch::Tensor& b, double kept, double factor);
// An adapter of float32 tensors on a CPU, which must outlive it: A [rank, in], B [out, rank].
kernels::LowRank low_rank(const torch::Tensor& A, const torch::Tensor& B, double factor, std::int64_t column);
// The same product plus adapters, for x that is_few().
torch::Tensor few_rows_product(const torch::Tensor& x, const torch::Tensor& weight, std::vector<kernels::LowRank> adapters);
// Adds factor · left · right to the columns of y [n, size] from `column` on, for each term; left [n, rank], right [rank, columns].
struct LowRankTerm {
  torch::Tensor left;
  torch::Tensor right;
  double factor = 1;
  std::int64_t column = 0;
};
void add_low_rank_(const torch::Tensor& y, std::span<const LowRankTerm> terms);

// Whether x has so few rows, at most `few`, that the weights' way from memory is what a product costs: a step of decoding. Only on a CPU in
// float32, while no gradients are recorded.
bool is_few(const torch::Tensor& x, std::int64_t few = kernels::kSomeRows);

// One new token a row: queries [batch, heads, 1, head_dim] attend to keys and values [batch, key-value heads, keys, head_dim] where `mask`
// (bool [batch, 1, 1, keys]; undefined: everywhere) allows it → [batch, 1, heads · head_dim]. For tensors that can_attend_next().
torch::Tensor attend_next(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask);
bool can_attend_next(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values);

// Turns logits [n, vocab] float32 into their cross-entropies' gradients, softmax - one-hot; → the cross-entropies with targets [n] int64.
torch::Tensor cross_entropy_(const torch::Tensor& logits, const torch::Tensor& targets);

}  // namespace midillama::model
