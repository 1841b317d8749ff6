#include "row_kernels.h"

#include "lanes.h"
#include "tile_product.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace midillama::model::kernels {
namespace {

constexpr std::int64_t kInputBlock = 1024;  // of few_rows(): eight rows of it stay in the first-level cache

MIDILLAMA_INLINE float largest(const float* x, std::int64_t count) {
  Lanes most = Lanes{} + kMinusInfinity;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    Lanes v;
    load(x + i, v);
    most = v > most ? v : most;
  }
  float parts[kLanes];
  store(most, parts);
  return std::max(*std::max_element(parts, parts + kLanes), *std::max_element(x + i - (i == count), x + count));
}

MIDILLAMA_INLINE float inverse_rms(const float* x, std::int64_t size, float epsilon) {
  Lanes squares{};
  for_lanes(
      size, [&](const auto& load, const auto&) __attribute__((always_inline)) {
        Lanes v;
        load(x, v);
        squares += v * v;
      });
  return 1.0f / std::sqrt(sum(squares) / static_cast<float>(size) + epsilon);
}

// Inputs from `begin` on of all rows, row behind row for every kLanes of them, zeros behind the last: rows that lie a power of two from
// each other would drive each other out of the cache.
template <int kRows>
MIDILLAMA_INLINE void pack(const FewRows& product, std::int64_t begin, std::int64_t count, float* packed) {
  for (int row = 0; row < kRows; ++row) {
    const float* x = product.x + row * product.inputs + begin;
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) std::memcpy(packed + i * kRows + row * kLanes, x + i, kLanes * sizeof(float));
    if (i == count) continue;
    std::fill_n(packed + i * kRows + row * kLanes, kLanes, 0.0F);
    std::copy(x + i, x + count, packed + i * kRows + row * kLanes);
  }
}

// A block of inputs with `kOutputs` rows of the weight from number `o` on.
template <int kRows, int kOutputs>
MIDILLAMA_INLINE void products(const FewRows& product, const float* packed, std::int64_t begin, std::int64_t count, std::int64_t o) {
  constexpr int kSums = (kRows * kOutputs + 3) / 4 * 4;
  const float* weight = product.weight + o * product.inputs + begin;
  Lanes sums[kSums] = {};  // [kOutputs][kRows]
  const auto add = [&](std::int64_t i, const auto& load_weight) __attribute__((always_inline)) {
    Lanes w[kOutputs];
#pragma GCC unroll 8
    for (int out = 0; out < kOutputs; ++out) {
      load_weight(weight + out * product.inputs + i, w[out]);
      __builtin_prefetch(weight + (kOutputs + out) * product.inputs + i);  // what the next outputs read
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
      Lanes v;
      load(packed + i * kRows + row * kLanes, v);
#pragma GCC unroll 8
      for (int out = 0; out < kOutputs; ++out) sums[out * kRows + row] += w[out] * v;
    }
  };
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    add(
        i, [](const float* from, Lanes& lanes) __attribute__((always_inline)) { load(from, lanes); });
  }
  if (i + kLanes / 2 == count) {  // the rank of most adapters
    add(
        i, [](const float* from, Lanes& lanes) __attribute__((always_inline)) { load_half(from, lanes); });
  } else if (i < count) {
    const std::int64_t rest = count - i;
    add(
        i, [rest](const float* from, Lanes& lanes) __attribute__((always_inline)) { load_tail(from, rest, lanes); });
  }
  float results[kSums];
#pragma GCC unroll 4
  for (int first = 0; first < kSums; first += 4) {
    sum_four(sums[first], sums[first + 1], sums[first + 2], sums[first + 3], results + first);
  }
  const bool adds = product.add || begin > 0;
#pragma GCC unroll 8
  for (int out = 0; out < kOutputs; ++out) {
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
      float& y = product.y[row * product.y_stride + o + out];
      y = adds ? y + product.factor * results[out * kRows + row] : product.factor * results[out * kRows + row];
    }
  }
}

template <int kRows>
MIDILLAMA_INLINE void few_rows_of(const FewRows& product, std::int64_t begin, std::int64_t end) {
  constexpr int kOutputs = std::max(2, 12 / kRows);  // enough sums in flight to hide an addition's latency
  alignas(64) float packed[kRows * kInputBlock];
  for (std::int64_t first = 0; first < product.inputs; first += kInputBlock) {
    const std::int64_t count = std::min(kInputBlock, product.inputs - first);
    pack<kRows>(product, first, count, packed);
    std::int64_t o = begin;
    for (; o + kOutputs <= end; o += kOutputs) products<kRows, kOutputs>(product, packed, first, count, o);
    for (; o < end; ++o) products<kRows, 1>(product, packed, first, count, o);
  }
}

}  // namespace

MIDILLAMA_CLONES void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += size, y += size) {
    const float scale = inverse_rms(x, size, epsilon);
    for_lanes(
        size, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
          Lanes v, w;
          load(x, v), load(weight, w);
          store(v * scale * w, y);
        });
  }
}

MIDILLAMA_CLONES void rms_norm_backward(const float* dy, const float* x, const float* weight, float epsilon, std::int64_t rows,
                                        std::int64_t size, float* dx) {
  for (std::int64_t row = 0; row < rows; ++row, dy += size, x += size, dx += size) {
    const float scale = inverse_rms(x, size, epsilon);
    Lanes products{};
    for_lanes(
        size, [&](const auto& load, const auto&) __attribute__((always_inline)) {
          Lanes g, v, w;
          load(dy, g), load(x, v), load(weight, w);
          products += g * w * v;
        });
    const float along = sum(products) * scale * scale * scale / static_cast<float>(size);
    for_lanes(
        size, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
          Lanes g, v, w;
          load(dy, g), load(x, v), load(weight, w);
          store(g * w * scale - v * along, dx);
        });
  }
}

MIDILLAMA_CLONES void swiglu(const float* x, std::int64_t rows, std::int64_t size, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += 2 * size, y += size) {
    for_lanes(
        size, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
          Lanes g, u, e;
          load(x, g), load(x + size, u);
          exponential(-g, e);
          store(g / (1.0f + e) * u, y);
        });
  }
}

MIDILLAMA_CLONES void swiglu_backward(const float* dy, const float* x, std::int64_t rows, std::int64_t size, float* dx) {
  for (std::int64_t row = 0; row < rows; ++row, dy += size, x += 2 * size, dx += 2 * size) {
    for_lanes(
        size, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
          Lanes d, g, u, e;
          load(dy, d), load(x, g), load(x + size, u);
          exponential(-g, e);
          const Lanes sigmoid = 1.0f / (1.0f + e);
          store(d * u * sigmoid * (1.0f + g * (1.0f - sigmoid)), dx);
          store(d * g * sigmoid, dx + size);
        });
  }
}

MIDILLAMA_CLONES void rotate(const float* x, std::int64_t heads, std::int64_t half, const float* cos, const float* sin, float direction,
                             float* y) {
  for (std::int64_t head = 0; head < heads; ++head, x += 2 * half, y += 2 * half) {
    for_lanes(
        half, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
          Lanes first, second, c, s;
          load(x, first), load(x + half, second), load(cos, c), load(sin, s);
          s *= direction;
          store(first * c - second * s, y);
          store(second * c + first * s, y + half);
        });
  }
}

MIDILLAMA_CLONES void few_rows(const FewRows& product, std::int64_t begin, std::int64_t end) {
  switch (product.rows) {
    case 1:
      return few_rows_of<1>(product, begin, end);
    case 2:
      return few_rows_of<2>(product, begin, end);
    case 3:
      return few_rows_of<3>(product, begin, end);
    case 4:
      return few_rows_of<4>(product, begin, end);
    case 5:
      return few_rows_of<5>(product, begin, end);
    case 6:
      return few_rows_of<6>(product, begin, end);
    case 7:
      return few_rows_of<7>(product, begin, end);
    default:
      return few_rows_of<8>(product, begin, end);
  }
}

MIDILLAMA_CLONES float softmax(float* row, std::int64_t count) {
  const float most = largest(row, count);
  Lanes totals{};
  for_lanes(
      count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
        Lanes v, e;
        load(row, v);
        exponential(v - most, e);
        e = v == kMinusInfinity ? Lanes{} : e;
        store(e, row);
        load(row, e);  // zeros behind the last element
        totals += e;
      });
  const float total = sum(totals), scale = 1.0f / total;
  for_lanes(
      count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
        Lanes v;
        load(row, v);
        store(v * scale, row);
      });
  return most + std::log(total);
}

MIDILLAMA_CLONES void run(const Product& product) {
  multiply(product);
}

MIDILLAMA_CLONES void weighted_sum(const float* weights, const float* rows, std::int64_t count, std::int64_t size, float* y) {
  for_lanes(
      size, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
        Lanes total{};
        for (std::int64_t row = 0; row < count; ++row) {
          Lanes v;
          load(rows + row * size, v);
          total += weights[row] * v;
        }
        store(total, y);
      });
}

}  // namespace midillama::model::kernels
