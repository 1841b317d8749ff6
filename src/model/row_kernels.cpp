#include "row_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace midillama::model::kernels {
namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define MIDILLAMA_CLONES [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define MIDILLAMA_CLONES
#endif
#define MIDILLAMA_INLINE [[gnu::always_inline]] inline

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
constexpr std::int64_t kLanes = 16;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
using Integers = std::int32_t __attribute__((vector_size(kLanes * sizeof(float))));

MIDILLAMA_INLINE void load(const float* from, Lanes& lanes) {
  std::memcpy(&lanes, from, sizeof lanes);
}

using Half = float __attribute__((vector_size(kLanes / 2 * sizeof(float))));
using Quarter = float __attribute__((vector_size(kLanes / 4 * sizeof(float))));

// Half as many elements; zero behind them.
MIDILLAMA_INLINE void load_half(const float* from, Lanes& lanes) {
  Half half;
  std::memcpy(&half, from, sizeof half);
  lanes = __builtin_shufflevector(half, Half{}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

// The last, fewer than kLanes, elements of a row; zero behind them.
MIDILLAMA_INLINE void load_tail(const float* from, std::int64_t count, Lanes& lanes) {
  float padded[kLanes] = {};
  for (std::int64_t i = 0; i < count; ++i) padded[i] = from[i];
  load(padded, lanes);
}

MIDILLAMA_INLINE void store(const Lanes& lanes, float* to) {
  std::memcpy(to, &lanes, sizeof lanes);
}

// The sums of each two neighbouring lanes: those of a in the first two of every four lanes, those of b in the others.
MIDILLAMA_INLINE void add_neighbours(const Half& a, const Half& b, Half& sums) {
  sums = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) + __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}

MIDILLAMA_INLINE void fold(const Lanes& lanes, Half& half) {
  half =
      __builtin_shufflevector(lanes, lanes, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(lanes, lanes, 8, 9, 10, 11, 12, 13, 14, 15);
}

// The sums of four vectors' lanes. No arrays: these stay in registers.
MIDILLAMA_INLINE void sum_four(const Lanes& a, const Lanes& b, const Lanes& c, const Lanes& d, float* sums) {
  Half ha, hb, hc, hd, ab, cd, all;
  fold(a, ha), fold(b, hb), fold(c, hc), fold(d, hd);
  add_neighbours(ha, hb, ab), add_neighbours(hc, hd, cd);
  add_neighbours(ab, cd, all);
  const Quarter whole = __builtin_shufflevector(all, all, 0, 1, 2, 3) + __builtin_shufflevector(all, all, 4, 5, 6, 7);
  std::memcpy(sums, &whole, sizeof whole);
}

constexpr int kSums = 8;

// The sums of eight vectors' lanes at once, which takes a third of the time of one by one.
MIDILLAMA_INLINE void sum_each(const Lanes* v, float* sums) {
  sum_four(v[0], v[1], v[2], v[3], sums);
  sum_four(v[4], v[5], v[6], v[7], sums + 4);
}

MIDILLAMA_INLINE float sum(const Lanes& lanes) {
  float sums[4];
  sum_four(lanes, lanes, lanes, lanes, sums);
  return sums[0];
}

// Calls pass(begin of the lanes, load, store) over [0, count), the tail padded.
template <typename Pass>
MIDILLAMA_INLINE void for_lanes(std::int64_t count, const Pass& pass) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    pass(
        [i](const float* from, Lanes& lanes) __attribute__((always_inline)) { load(from + i, lanes); },
        [i](const Lanes& lanes, float* to) __attribute__((always_inline)) { store(lanes, to + i); });
  }
  if (i == count) return;
  const std::int64_t rest = count - i;
  pass(
      [ i, rest ](const float* from, Lanes& lanes) __attribute__((always_inline)) { load_tail(from + i, rest, lanes); },
      [ i, rest ](const Lanes& lanes, float* to) __attribute__((always_inline)) {
        float parts[kLanes];
        store(lanes, parts);
        std::copy_n(parts, rest, to + i);
      });
}

// e^x to 2 ulp (Cephes' range reduction and polynomial); x outside float's range is taken for its ends.
MIDILLAMA_INLINE void exponential(const Lanes& of, Lanes& result) {
  constexpr float kLeast = -87.0f, kMost = 88.0f, kLog2e = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 · 2²³: adding it leaves the nearest integer
  Lanes x = of < kLeast ? Lanes{} + kLeast : of;
  x = x > kMost ? Lanes{} + kMost : x;
  const Lanes exponent = (x * kLog2e + kRound) - kRound;
  const Lanes r = x - exponent * kLn2High - exponent * kLn2Low;
  Lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Integers power = (__builtin_convertvector(exponent, Integers) + 127) << 23;
  Lanes scale;
  std::memcpy(&scale, &power, sizeof scale);
  result = p * scale;
}

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

// `kRows` rows of x with `kOutputs` rows of the weight from number `o` on.
template <int kRows, int kOutputs>
MIDILLAMA_INLINE void products(const FewRows& product, std::int64_t o) {
  const std::int64_t inputs = product.inputs;
  const float *x = product.x, *weight = product.weight + o * inputs;
  Lanes sums[kSums] = {};  // [kOutputs][kRows]
  const auto add = [&](std::int64_t i, const auto& load) __attribute__((always_inline)) {
    Lanes w[kOutputs];
#pragma GCC unroll 8
    for (int out = 0; out < kOutputs; ++out) {
      load(weight + out * inputs + i, w[out]);
      __builtin_prefetch(weight + (kOutputs + out) * inputs + i);  // what the next outputs read
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
      Lanes v;
      load(x + row * inputs + i, v);
#pragma GCC unroll 8
      for (int out = 0; out < kOutputs; ++out) sums[out * kRows + row] += w[out] * v;
    }
  };
  std::int64_t i = 0;
  for (; i + kLanes <= inputs; i += kLanes) {
    add(
        i, [](const float* from, Lanes& lanes) __attribute__((always_inline)) { load(from, lanes); });
  }
  if (i + kLanes / 2 <= inputs) {  // the rank of most adapters
    add(
        i, [](const float* from, Lanes& lanes) __attribute__((always_inline)) { load_half(from, lanes); });
    i += kLanes / 2;
  }
  if (i < inputs) {
    const std::int64_t rest = inputs - i;
    add(
        i, [rest](const float* from, Lanes& lanes) __attribute__((always_inline)) { load_tail(from, rest, lanes); });
  }
  float results[kSums];
  sum_each(sums, results);
#pragma GCC unroll 8
  for (int out = 0; out < kOutputs; ++out) {
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
      float& y = product.y[row * product.outputs + o + out];
      y = product.add ? y + product.factor * results[out * kRows + row] : results[out * kRows + row];
    }
  }
}

template <int kRows>
MIDILLAMA_INLINE void few_rows_of(const FewRows& product, std::int64_t begin, std::int64_t end) {
  constexpr int kOutputs = kSums / kRows;  // sums in flight hide an addition's latency
  std::int64_t o = begin;
  for (; o + kOutputs <= end; o += kOutputs) products<kRows, kOutputs>(product, o);
  for (; o < end; ++o) products<kRows, 1>(product, o);
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

MIDILLAMA_CLONES void swiglu(const float* gate, const float* up, std::int64_t count, float* y) {
  for_lanes(
      count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
        Lanes g, u, e;
        load(gate, g), load(up, u);
        exponential(-g, e);
        store(g / (1.0f + e) * u, y);
      });
}

MIDILLAMA_CLONES void swiglu_backward(const float* dy, const float* gate, const float* up, std::int64_t count, float* dgate, float* dup) {
  for_lanes(
      count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
        Lanes d, g, u, e;
        load(dy, d), load(gate, g), load(up, u);
        exponential(-g, e);
        const Lanes sigmoid = 1.0f / (1.0f + e);
        store(d * u * sigmoid * (1.0f + g * (1.0f - sigmoid)), dgate);
        store(d * g * sigmoid, dup);
      });
}

MIDILLAMA_CLONES void rotate(const float* x, std::int64_t head_stride, std::int64_t heads, std::int64_t half, const float* cos,
                             const float* sin, float direction, float* y) {
  for (std::int64_t head = 0; head < heads; ++head, x += head_stride, y += 2 * half) {
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
  for_lanes(
      count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
        Lanes v, e;
        load(row, v);
        exponential(v - most, e);
        store(v == kMinusInfinity ? Lanes{} : e, row);
      });
  Lanes totals{};
  for_lanes(
      count, [&](const auto& load, const auto&) __attribute__((always_inline)) {
        Lanes v;
        load(row, v);
        totals += v;
      });
  const float total = sum(totals);
  for_lanes(
      count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
        Lanes v;
        load(row, v);
        store(v * (1.0f / total), row);
      });
  return most + std::log(total);
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
