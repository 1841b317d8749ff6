#include "midillama/kernels/products.h"

// Read once for each target, before what differs between them.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/products.cpp"
#include <hwy/foreach_target.h>
#include "kernels/lanes-inl.h"
// clang-format on

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

// kRows · kVectors sums: at most 12, which with what they are made of fill 16 registers, and are enough in flight to hide the latency of an
// addition where there are more.
template <int kRows, int kVectors, class D>
HWY_INLINE void tile(D d, const Product& p, std::int64_t row, std::int64_t column) {
  constexpr int kSums = kRows * kVectors;
  static_assert(kSums <= 12);
  with_zeros<kSums>(d, [&](auto&... sums) MIDILLAMA_LAMBDA {
    const float *a = p.a + row * p.a_row, *b = p.b + column;
    const std::int64_t a_row = p.a_row;
    for (std::int64_t step = 0; step < p.steps; ++step, a += p.a_step, b += p.b_step) {
      add_products<kRows, kVectors>([&](auto r) MIDILLAMA_LAMBDA { return hn::Set(d, a[r * a_row]); },
                                    [&](auto v) MIDILLAMA_LAMBDA { return hn::LoadU(d, b + v * lanes(d)); }, sums...);
    }
    float* c = p.c + row * p.c_row + column;
    for_each<kSums>(
        [&](auto i, auto& sum) MIDILLAMA_LAMBDA {
          float* to = c + i / kVectors * p.c_row + i % kVectors * lanes(d);
          hn::StoreU(p.add ? hn::MulAdd(hn::Set(d, p.factor), sum, hn::LoadU(d, to)) : sum, d, to);
        },
        sums...);
  });
}

// Of so many columns, all rows: tiles as high as their sums allow, then lower ones.
template <int kVectors, class D>
HWY_NOINLINE void columns_of(D d, const Product& p, std::int64_t column) {
  constexpr int kHigh = 12 / kVectors, kLow = kHigh / 3;
  std::int64_t row = 0;
  for (; row + kHigh <= p.rows; row += kHigh) tile<kHigh, kVectors>(d, p, row, column);
  if constexpr (kLow > 1) {
    for (; row + kLow <= p.rows; row += kLow) tile<kLow, kVectors>(d, p, row, column);
  }
  for (; row < p.rows; ++row) tile<1, kVectors>(d, p, row, column);
}

HWY_INLINE void all_columns(const Product& p) {
  const Floats d;
  const hn::CappedTag<float, 8> eight;  // the rank of most adapters
  const hn::CappedTag<float, 1> one;
  std::int64_t column = 0;
  if (p.rows < 6) {  // wider tiles keep as many sums in flight as higher ones
    for (; column + 4 * lanes(d) <= p.columns; column += 4 * lanes(d)) columns_of<4>(d, p, column);
  }
  for (; column + 2 * lanes(d) <= p.columns; column += 2 * lanes(d)) columns_of<2>(d, p, column);
  for (; column + lanes(d) <= p.columns; column += lanes(d)) columns_of<1>(d, p, column);
  for (; column + lanes(eight) <= p.columns; column += lanes(eight)) columns_of<1>(eight, p, column);
  for (; column < p.columns; ++column) columns_of<1>(one, p, column);
}

// Where all of b stays in the first-level cache, a few rows at a time, so that those of c are passed along once.
void multiply(const Product& p) {
  constexpr std::int64_t kCached = 8192, kRows = 12;
  const std::int64_t step = p.steps * p.columns <= kCached ? kRows : p.rows;
  Product part = p;
  for (std::int64_t row = 0; row < p.rows; row += step, part.a += step * p.a_row, part.c += step * p.c_row) {
    part.rows = std::min(step, p.rows - row);
    all_columns(part);
  }
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace midillama::kernels {

HWY_EXPORT(multiply);

void multiply(const Product& product) {
  HWY_DYNAMIC_DISPATCH(multiply)(product);
}

}  // namespace midillama::kernels
#endif
