// The passes between a decoder's products: on a CPU in float32 one loop over the rows each (row_kernels.h), ATen's operations elsewhere.
// None of them records a gradient: linears.h and rotary.h, which call them, have their own backward passes.
#pragma once

#include <torch/types.h>

namespace midillama::model {

// x [n, size] / rms(x) · weight, normalised in float32 and rounded to x's dtype before the weight (Hugging Face's LlamaRMSNorm).
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon);
torch::Tensor rms_norm_backward(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& weight, double epsilon);
// The gradient of `weight` [size].
torch::Tensor rms_norm_weight_gradient(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& weight, double epsilon);

// silu(gate) · up, both [n, size].
torch::Tensor swiglu(const torch::Tensor& gate, const torch::Tensor& up);
struct SwigluGradients {
  torch::Tensor gate;
  torch::Tensor up;
};
SwigluGradients swiglu_backward(const torch::Tensor& grad, const torch::Tensor& gate, const torch::Tensor& up);

// x [batch, seq, heads, head_dim] turned by the angles of cos and sin [batch or 1, seq, 1, head_dim / 2], contiguous; backwards where
// `inverse`.
torch::Tensor turn(const torch::Tensor& x, const torch::Tensor& cos, const torch::Tensor& sin, bool inverse);

// x [n, in] · weightᵀ [in, out] → [n, out].
torch::Tensor product(const torch::Tensor& x, const torch::Tensor& weight);

}  // namespace midillama::model
