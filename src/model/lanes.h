// Vectors of floats for loops that the compiler translates for several processors: the size is AVX-512's, others take several registers.
// Everything is inlined into functions marked MIDILLAMA_CLONES, which are compiled for AVX-512, AVX2 and the processor's base instructions;
// the machine that runs them decides. Vectors are passed by reference: their passing by value differs between the three.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

namespace midillama::model::kernels {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define MIDILLAMA_CLONES [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define MIDILLAMA_CLONES
#endif
#define MIDILLAMA_INLINE [[gnu::always_inline]] inline

inline constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
inline constexpr std::int64_t kLanes = 16;
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

}  // namespace midillama::model::kernels
