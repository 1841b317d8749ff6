#include "row_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace midillama::model::kernels {
namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define MIDILLAMA_CLONES [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define MIDILLAMA_CLONES
#endif
#define MIDILLAMA_INLINE [[gnu::always_inline]] inline

constexpr std::int64_t kLanes = 16;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
using Integers = std::int32_t __attribute__((vector_size(kLanes * sizeof(float))));

MIDILLAMA_INLINE void load(const float* from, Lanes& lanes) {
  std::memcpy(&lanes, from, sizeof lanes);
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

MIDILLAMA_INLINE float sum(const Lanes& lanes) {
  float parts[kLanes];
  store(lanes, parts);
  for (std::int64_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::int64_t i = 0; i < width; ++i) parts[i] += parts[i + width];
  }
  return parts[0];
}

// Calls pass(begin of the lanes, load, store) over [0, count), the tail padded.
template <typename Pass>
MIDILLAMA_INLINE void for_lanes(std::int64_t count, const Pass& pass) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    pass([i](const float* from, Lanes& lanes) __attribute__((always_inline)) { load(from + i, lanes); },
         [i](const Lanes& lanes, float* to) __attribute__((always_inline)) { store(lanes, to + i); });
  }
  if (i == count) return;
  const std::int64_t rest = count - i;
  pass([i, rest](const float* from, Lanes& lanes) __attribute__((always_inline)) { load_tail(from + i, rest, lanes); },
       [i, rest](const Lanes& lanes, float* to) __attribute__((always_inline)) {
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

MIDILLAMA_INLINE float inverse_rms(const float* x, std::int64_t size, float epsilon) {
  Lanes squares{};
  for_lanes(size, [&](const auto& load, const auto&) __attribute__((always_inline)) {
    Lanes v;
    load(x, v);
    squares += v * v;
  });
  return 1.0f / std::sqrt(sum(squares) / static_cast<float>(size) + epsilon);
}

// `kRows` rows of x with `kOutputs` rows of the weight at a time.
template <int kRows, int kOutputs>
MIDILLAMA_INLINE void products(const float* x, const float* weight, std::int64_t inputs, std::int64_t outputs, float* y) {
  Lanes sums[kOutputs][kRows] = {};
  const auto add = [&](std::int64_t i, const auto& load) __attribute__((always_inline)) {
    Lanes w[kOutputs];
    for (int o = 0; o < kOutputs; ++o) load(weight + o * inputs + i, w[o]);
    for (int r = 0; r < kRows; ++r) {
      Lanes v;
      load(x + r * inputs + i, v);
      for (int o = 0; o < kOutputs; ++o) sums[o][r] += w[o] * v;
    }
  };
  std::int64_t i = 0;
  for (; i + kLanes <= inputs; i += kLanes) {
    add(i, [](const float* from, Lanes& lanes) __attribute__((always_inline)) { load(from, lanes); });
  }
  if (i < inputs) {
    const std::int64_t rest = inputs - i;
    add(i, [rest](const float* from, Lanes& lanes) __attribute__((always_inline)) { load_tail(from, rest, lanes); });
  }
  for (int o = 0; o < kOutputs; ++o) {
    for (int r = 0; r < kRows; ++r) y[r * outputs + o] = sum(sums[o][r]);
  }
}

template <int kRows>
MIDILLAMA_INLINE void few_rows_of(const float* x, const float* weight, std::int64_t inputs, std::int64_t outputs, std::int64_t begin,
                                  std::int64_t end, float* y) {
  constexpr int kOutputs = std::max(1, 8 / kRows);  // sums in flight hide an addition's latency
  std::int64_t o = begin;
  for (; o + kOutputs <= end; o += kOutputs) products<kRows, kOutputs>(x, weight + o * inputs, inputs, outputs, y + o);
  for (; o < end; ++o) products<kRows, 1>(x, weight + o * inputs, inputs, outputs, y + o);
}

}  // namespace

MIDILLAMA_CLONES void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += size, y += size) {
    const float scale = inverse_rms(x, size, epsilon);
    for_lanes(size, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
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
    for_lanes(size, [&](const auto& load, const auto&) __attribute__((always_inline)) {
      Lanes g, v, w;
      load(dy, g), load(x, v), load(weight, w);
      products += g * w * v;
    });
    const float along = sum(products) * scale * scale * scale / static_cast<float>(size);
    for_lanes(size, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
      Lanes g, v, w;
      load(dy, g), load(x, v), load(weight, w);
      store(g * w * scale - v * along, dx);
    });
  }
}

MIDILLAMA_CLONES void swiglu(const float* gate, const float* up, std::int64_t count, float* y) {
  for_lanes(count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
    Lanes g, u, e;
    load(gate, g), load(up, u);
    exponential(-g, e);
    store(g / (1.0f + e) * u, y);
  });
}

MIDILLAMA_CLONES void swiglu_backward(const float* dy, const float* gate, const float* up, std::int64_t count, float* dgate, float* dup) {
  for_lanes(count, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
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
    for_lanes(half, [&](const auto& load, const auto& store) __attribute__((always_inline)) {
      Lanes first, second, c, s;
      load(x, first), load(x + half, second), load(cos, c), load(sin, s);
      s *= direction;
      store(first * c - second * s, y);
      store(second * c + first * s, y + half);
    });
  }
}

MIDILLAMA_CLONES void few_rows(const float* x, std::int64_t rows, const float* weight, std::int64_t inputs, std::int64_t outputs,
                               std::int64_t begin, std::int64_t end, float* y) {
  switch (rows) {
    case 1: return few_rows_of<1>(x, weight, inputs, outputs, begin, end, y);
    case 2: return few_rows_of<2>(x, weight, inputs, outputs, begin, end, y);
    case 3: return few_rows_of<3>(x, weight, inputs, outputs, begin, end, y);
    case 4: return few_rows_of<4>(x, weight, inputs, outputs, begin, end, y);
    case 5: return few_rows_of<5>(x, weight, inputs, outputs, begin, end, y);
    case 6: return few_rows_of<6>(x, weight, inputs, outputs, begin, end, y);
    case 7: return few_rows_of<7>(x, weight, inputs, outputs, begin, end, y);
    default: return few_rows_of<8>(x, weight, inputs, outputs, begin, end, y);
  }
}

}  // namespace midillama::model::kernels
