// Products of few rows with a weight that is much larger than they are: what decoding is made of. On one thread, in float32; the weight may
// be in 8 bits.
#pragma once

#include "midillama/kernels/int8.h"

#include <cstdint>

namespace midillama::kernels {

// The most rows of few_rows().
inline constexpr std::int64_t kFewRows = 16;
// Ranges of so many outputs, and of multiples of it, have no remainder that costs more than the others.
inline constexpr std::int64_t kFewOutputs = 12;

// y[r, o] = factor · Σ x[r, i] · weight[o, i], on top of what is there where `add`, for 1 ≤ rows ≤ kFewRows and outputs from `begin` to
// `end`: the weight, of which a few rows use each element a few times only, is read once. In float32 a row's results are the same to the
// last bit whatever rows are beside it, and wherever `begin` and `end` are.
struct FewRows {
  const float* x;
  std::int64_t rows;
  const float* weight;
  Int8Weight int8 = {};  // in its place where its levels are there; `begin` is a multiple of kInt8Outputs then
  std::int64_t inputs;
  std::int64_t outputs;
  bool add = false;
  float factor = 1;
  float* y;
  std::int64_t y_stride;  // of its rows
};
void few_rows(const FewRows& product, std::int64_t begin, std::int64_t end);

}  // namespace midillama::kernels
