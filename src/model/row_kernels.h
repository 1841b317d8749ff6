// Passes over rows of float32 on a CPU that would be several in ATen, for one thread's share of the rows; compiled for several processors
// (lanes.h). Rows lie at their size from each other.
#pragma once

#include <cstdint>

namespace midillama::model::kernels {

// The most rows of few_rows().
inline constexpr std::int64_t kFewRows = 8;

// y[r] = x[r] / sqrt(mean(x[r]²) + epsilon) · weight
void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size, float* y);
// dx of the same, from dy.
void rms_norm_backward(const float* dy, const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size,
                       float* dx);

// y = silu(gate) · up, where a row of x holds `size` elements of gate and behind them as many of up; dx likewise.
void swiglu(const float* x, std::int64_t rows, std::int64_t size, float* y);
void swiglu_backward(const float* dy, const float* x, std::int64_t rows, std::int64_t size, float* dx);

// One token's heads beside each other: each pair (x[i], x[i + half]) is turned by the angle with cos[i] and direction · sin[i].
void rotate(const float* x, std::int64_t heads, std::int64_t half, const float* cos, const float* sin, float direction, float* y);

// y[r, o] = factor · Σ x[r, i] · weight[o, i], on top of what is there where `add`, for 1 ≤ rows ≤ kFewRows and outputs from `begin` to
// `end`: the weight, of which a few rows use each element a few times only, is read once.
struct FewRows {
  const float* x;
  std::int64_t rows;
  const float* weight;
  std::int64_t inputs;
  std::int64_t outputs;
  bool add = false;
  float factor = 1;
  float* y;
  std::int64_t y_stride;  // of its rows
};
void few_rows(const FewRows& product, std::int64_t begin, std::int64_t end);

// c[row][column] = Σ a[row][step] · b[step][column], or where `add` c[row][column] += factor · Σ. Rows and steps of `a` may lie anyhow.
struct Product {
  const float* a;
  std::int64_t a_row;
  std::int64_t a_step;
  const float* b;
  std::int64_t b_step;
  float* c;
  std::int64_t c_row;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t steps;
  bool add = false;
  float factor = 1;
};
// For a product of which one side is short: nothing is packed.
void run(const Product& product);

// In place: exp(row) / Σ exp(row); -inf becomes 0. → the logarithm of Σ exp(row)
float softmax(float* row, std::int64_t count);

// y = Σ weights[i] · rows[i], of `size` elements each.
void weighted_sum(const float* weights, const float* rows, std::int64_t count, std::int64_t size, float* y);

}  // namespace midillama::model::kernels
