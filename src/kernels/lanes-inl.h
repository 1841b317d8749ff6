// Vectors of floats, compiled once for each target that a file is compiled for (Highway's foreach_target.h).
//
// No array holds vectors and no struct has one for a member: where a processor decides how long they are, they have no size. So sums that
// stay in registers are passed as parameter packs (with_zeros, add_products).

// No #pragma once: it is read again for each target.
#if defined(MIDILLAMA_KERNELS_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MIDILLAMA_KERNELS_LANES_INL_H
#undef MIDILLAMA_KERNELS_LANES_INL_H
#else
#define MIDILLAMA_KERNELS_LANES_INL_H
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

// For lambdas: they do not take the surrounding code's target by themselves, and vectors must stay in registers across them.
#ifndef MIDILLAMA_LAMBDA
#define MIDILLAMA_LAMBDA HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
// At most these, also where registers hold more: sizes that are multiples of it have no tail on any target.
constexpr std::int64_t kMostLanes = 16;
using Floats = hn::CappedTag<float, kMostLanes>;
using Vector = hn::Vec<Floats>;

// Vector registers of the target.
#if HWY_ARCH_X86 && HWY_TARGET != HWY_AVX3
constexpr int kRegisters = 16;
#else
constexpr int kRegisters = 32;
#endif

template <class D>
HWY_INLINE std::int64_t lanes(D d) {
  return static_cast<std::int64_t>(hn::Lanes(d));
}

// The first `count` elements, fewer than a vector's; zero after them.
HWY_INLINE Vector load_part(const float* from, std::int64_t count) {
  const Floats d;
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float padded[kMostLanes] = {};
  for (std::int64_t i = 0; i < count; ++i) padded[i] = from[i];
  return hn::Load(d, padded);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, from);
#endif
}

HWY_INLINE Vector load_some(const float* from, std::int64_t count) {
  return count < lanes(Floats()) ? load_part(from, count) : hn::LoadU(Floats(), from);
}

HWY_INLINE void store_part(Vector v, float* to, std::int64_t count) {
  const Floats d;
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float parts[kMostLanes];
  hn::Store(v, d, parts);
  for (std::int64_t i = 0; i < count; ++i) to[i] = parts[i];
#else
  hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(count)), d, to);
#endif
}

// Places in rows that a pass reads and writes: a whole vector's, …
struct Whole {
  std::int64_t at;

  HWY_INLINE Vector load(const float* row) const { return hn::LoadU(Floats(), row + at); }
  HWY_INLINE void store(Vector v, float* row) const { hn::StoreU(v, Floats(), row + at); }
  HWY_INLINE Vector valid(Vector v, float) const { return v; }
};

// Whether rows' memory goes on to the end of the last vector, so that it may be read and written, too.
enum class Tail { exact, padded };

// … or the last, fewer ones.
template <Tail kTail>
struct Part {
  std::int64_t at;
  std::int64_t count;

  HWY_INLINE Vector load(const float* row) const {
    return kTail == Tail::padded ? hn::LoadU(Floats(), row + at) : load_part(row + at, count);
  }
  HWY_INLINE void store(Vector v, float* row) const {
    if (kTail == Tail::padded) {
      hn::StoreU(v, Floats(), row + at);
    } else {
      store_part(v, row + at, count);
    }
  }
  // `otherwise` in the lanes after them.
  HWY_INLINE Vector valid(Vector v, float otherwise) const {
    const Floats d;
    return hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(count)), v, hn::Set(d, otherwise));
  }
};

// pass(place) for all places of [0, count).
template <Tail kTail = Tail::exact, class Pass>
HWY_INLINE void for_lanes(std::int64_t count, const Pass& pass) {
  const std::int64_t step = lanes(Floats());
  std::int64_t i = 0;
  for (; i + step <= count; i += step) pass(Whole{i});
  if (i < count) pass(Part<kTail>{i, count - i});
}

// body(sums...) with so many vectors of zeros.
template <int kCount, class D, class Body, class... Sums>
HWY_INLINE void with_zeros(D d, const Body& body, Sums&... sums) {
  if constexpr (kCount == 0) {
    body(sums...);
  } else {
    hn::Vec<D> next = hn::Zero(d);
    with_zeros<kCount - 1>(d, body, sums..., next);
  }
}

// visit(number, vector) for the first kCount vectors; the number is a constant.
template <int kCount, int kAt = 0, class Visit, class V, class... Rest>
HWY_INLINE void for_each(const Visit& visit, V& vector, Rest&... rest) {
  visit(std::integral_constant<int, kAt>(), vector);
  if constexpr (kAt + 1 < kCount) for_each<kCount, kAt + 1>(visit, rest...);
}

template <int kAt, class V, class... Rest>
HWY_INLINE V pick(const V& vector, const Rest&... rest) {
  if constexpr (kAt == 0) {
    return vector;
  } else {
    return pick<kAt - 1>(rest...);
  }
}

// A compiler that is short of registers would read what it was loaded from again at every use.
template <class V>
HWY_INLINE void keep_in_register(V& vector) {
#if HWY_ARCH_X86 && HWY_COMPILER_GCC
  asm("" : "+v"(vector.raw));
#else
  static_cast<void>(vector);
#endif
}

// The first kOuter · kInner sums: sum[i][j] += outer(i) · inner(j), of constants i and j. Each outer() is called once, inner() again and
// again.
template <int kOuter, int kInner, int kAt = 0, class Outer, class Inner, class V, class... Rest>
HWY_INLINE void add_products_with(V left, const Outer& outer, const Inner& inner, V& sum, Rest&... rest) {
  if constexpr (kAt % kInner == 0) left = outer(std::integral_constant<int, kAt / kInner>());
  sum = hn::MulAdd(left, inner(std::integral_constant<int, kAt % kInner>()), sum);
  if constexpr (kAt + 1 < kOuter * kInner) add_products_with<kOuter, kInner, kAt + 1>(left, outer, inner, rest...);
}
template <int kOuter, int kInner, class Outer, class Inner, class V, class... Rest>
HWY_INLINE void add_products(const Outer& outer, const Inner& inner, V& sum, Rest&... rest) {
  add_products_with<kOuter, kInner>(sum, outer, inner, sum, rest...);
}

HWY_INLINE float sum(Vector v) {
  return hn::GetLane(hn::SumOfLanes(Floats(), v));
}

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void sum_four(Vector a, Vector b, Vector c, Vector d, float* sums) {
  sums[0] = hn::GetLane(a), sums[1] = hn::GetLane(b), sums[2] = hn::GetLane(c), sums[3] = hn::GetLane(d);
}
#else
// Every four lanes become one of each vector's: a = (a0 a1 a2 a3 …) … → a = (a0 b0 c0 d0 …), b = (a1 b1 c1 d1 …) …
template <class D, class V>
HWY_INLINE void transpose_four(D lanes, V& a, V& b, V& c, V& d) {
  const V ac = hn::InterleaveLower(lanes, a, c), AC = hn::InterleaveUpper(lanes, a, c);
  const V bd = hn::InterleaveLower(lanes, b, d), BD = hn::InterleaveUpper(lanes, b, d);
  a = hn::InterleaveLower(lanes, ac, bd), b = hn::InterleaveUpper(lanes, ac, bd);
  c = hn::InterleaveLower(lanes, AC, BD), d = hn::InterleaveUpper(lanes, AC, BD);
}

HWY_INLINE void sum_four(Vector a, Vector b, Vector c, Vector d, float* sums) {
  const Floats lanes_of_all;
  const hn::CappedTag<float, 4> four;
  transpose_four(lanes_of_all, a, b, c, d);
  HWY_ALIGN float parts[kMostLanes];
  hn::Store(hn::Add(hn::Add(a, b), hn::Add(c, d)), lanes_of_all, parts);
  auto total = hn::Load(four, parts);
  for (std::int64_t i = 4; i < lanes(lanes_of_all); i += 4) total = hn::Add(total, hn::Load(four, parts + i));
  hn::StoreU(total, four, sums);
}
#endif

// The sums of the vectors' lanes, whose number is a multiple of four.
template <class... Rest>
HWY_INLINE void store_sums(float* sums, Vector a, Vector b, Vector c, Vector d, const Rest&... rest) {
  sum_four(a, b, c, d, sums);
  if constexpr (sizeof...(rest) > 0) store_sums(sums + 4, rest...);
}

// e^x to 2 ulp (Cephes' range reduction and polynomial); x outside float's range is taken for its ends, and what is no number stays none.
HWY_INLINE Vector exponential(Vector x) {
  constexpr float kLeast = -87.0F, kMost = 88.0F, kLog2e = 1.44269504F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr int kMantissaBits = 23, kExponentBias = 127;
  const Floats d;
  const hn::RebindToSigned<Floats> integers;
  x = hn::IfThenElse(hn::Lt(x, hn::Set(d, kLeast)), hn::Set(d, kLeast), x);
  x = hn::IfThenElse(hn::Gt(x, hn::Set(d, kMost)), hn::Set(d, kMost), x);
  const Vector exponent = hn::Round(hn::Mul(x, hn::Set(d, kLog2e)));
  const Vector r = hn::NegMulAdd(exponent, hn::Set(d, kLn2Low), hn::NegMulAdd(exponent, hn::Set(d, kLn2High), x));
  Vector p = hn::MulAdd(r, hn::Set(d, 1.9875691500e-4F), hn::Set(d, 1.3981999507e-3F));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3F));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1F));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1F));
  p = hn::MulAdd(hn::Mul(p, r), r, hn::Add(r, hn::Set(d, 1.0F)));
  const auto power = hn::ShiftLeft<kMantissaBits>(hn::Add(hn::ConvertTo(integers, exponent), hn::Set(integers, kExponentBias)));
  return hn::Mul(p, hn::BitCast(d, power));
}

template <Tail kTail>
HWY_INLINE float largest(const float* row, std::int64_t count) {
  const Floats d;
  Vector most = hn::Set(d, kMinusInfinity);
  for_lanes<kTail>(count, [&](const auto& place) MIDILLAMA_LAMBDA {
    const Vector v = place.valid(place.load(row), kMinusInfinity);
    most = hn::IfThenElse(hn::Gt(v, most), v, most);
  });
  return hn::GetLane(hn::MaxOfLanes(d, most));
}

// Of scale · row, in place; -inf becomes 0. → the logarithm of the sum
template <Tail kTail>
HWY_INLINE float softmax_of(float* row, std::int64_t count, float scale) {
  const Floats d;
  const float most = scale * largest<kTail>(row, count);
  Vector totals = hn::Zero(d);
  for_lanes<kTail>(count, [&](const auto& place) MIDILLAMA_LAMBDA {
    const Vector v = place.load(row), e = exponential(hn::MulSub(v, hn::Set(d, scale), hn::Set(d, most)));
    const Vector valid = place.valid(hn::IfThenZeroElse(hn::Eq(v, hn::Set(d, kMinusInfinity)), e), 0.0F);
    place.store(valid, row);
    totals = hn::Add(totals, valid);
  });
  const float total = sum(totals);
  const Vector share = hn::Set(d, 1.0F / total);
  for_lanes<kTail>(count, [&](const auto& place) MIDILLAMA_LAMBDA { place.store(hn::Mul(place.load(row), share), row); });
  return most + std::log(total);
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
