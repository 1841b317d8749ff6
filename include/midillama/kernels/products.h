// Products of float32 matrices of which one side is short, on one thread.
#pragma once

#include <cstdint>

namespace midillama::kernels {

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
// Nothing is packed: a tile of the result stays in registers. Fast where the rows of b do not lie a power of two apart (1,024 floats: they
// drive each other out of the first-level cache) or are few.
void multiply(const Product& product);

}  // namespace midillama::kernels
