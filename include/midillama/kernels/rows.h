// Passes over rows of float32 that would be several in ATen, for one thread's share of the rows. Rows lie at their size from each other.
#pragma once

#include <cstdint>

namespace midillama::kernels {

// y[r] = x[r] / sqrt(mean(x[r]²) + epsilon) · weight
void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size, float* y);
// dx of the same, from dy.
void rms_norm_backward(const float* dy, const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size,
                       float* dx);
// Adds the gradient of `weight` [size] to sums.
void add_rms_norm_weight_gradient(const float* dy, const float* x, float epsilon, std::int64_t rows, std::int64_t size, float* sums);

// y = silu(gate) · up, where a row of x holds `size` elements of gate and after them as many of up; dx likewise.
void swiglu(const float* x, std::int64_t rows, std::int64_t size, float* y);
void swiglu_backward(const float* dy, const float* x, std::int64_t rows, std::int64_t size, float* dx);

// One token's heads beside each other: each pair (x[i], x[i + half]) is turned by the angle with cos[i] and direction · sin[i].
void rotate(const float* x, std::int64_t heads, std::int64_t half, const float* cos, const float* sin, float direction, float* y);

// In place: exp(row) / Σ exp(row); -inf becomes 0. → the logarithm of Σ exp(row)
float softmax(float* row, std::int64_t count);

}  // namespace midillama::kernels
