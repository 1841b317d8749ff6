// Products of matrices of which one side is short, on one thread: nothing is packed, a tile of the result stays in registers.
#pragma once

#include "lanes.h"
#include "row_kernels.h"

namespace midillama::model::kernels {

template <int kRows, int kVectors>
MIDILLAMA_INLINE void tile(const Product& p, std::int64_t row, std::int64_t column) {
  Lanes sums[kRows * kVectors] = {};
  const float *a = p.a + row * p.a_row, *b = p.b + column;
  for (std::int64_t step = 0; step < p.steps; ++step, a += p.a_step, b += p.b_step) {
    Lanes right[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) load(b + v * kLanes, right[v]);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r * kVectors + v] += a[r * p.a_row] * right[v];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      float* c = p.c + (row + r) * p.c_row + column + v * kLanes;
      if (p.add) {
        Lanes before;
        load(c, before);
        sums[r * kVectors + v] = before + p.factor * sums[r * kVectors + v];
      }
      store(sums[r * kVectors + v], c);
    }
  }
}

template <int kVectors>
MIDILLAMA_INLINE void columns_of(const Product& p, std::int64_t column) {
  std::int64_t row = 0;
  for (; row + 6 <= p.rows; row += 6) tile<6, kVectors>(p, row, column);
  for (; row + 2 <= p.rows; row += 2) tile<2, kVectors>(p, row, column);
  if (row < p.rows) tile<1, kVectors>(p, row, column);
}

MIDILLAMA_INLINE void one_column(const Product& p, std::int64_t column) {
  for (std::int64_t row = 0; row < p.rows; ++row) {
    float total = 0;
    for (std::int64_t step = 0; step < p.steps; ++step) total += p.a[row * p.a_row + step * p.a_step] * p.b[step * p.b_step + column];
    float& c = p.c[row * p.c_row + column];
    c = p.add ? c + p.factor * total : total;
  }
}

MIDILLAMA_INLINE void multiply(const Product& p) {
  std::int64_t column = 0;
  for (; column + 2 * kLanes <= p.columns; column += 2 * kLanes) columns_of<2>(p, column);
  for (; column + kLanes <= p.columns; column += kLanes) columns_of<1>(p, column);
  for (; column < p.columns; ++column) one_column(p, column);
}

}  // namespace midillama::model::kernels
