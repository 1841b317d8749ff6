#include "midillama/kernels/rows.h"

// Read once for each target, before what differs between them.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows.cpp"
#include <hwy/foreach_target.h>
#include "kernels/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

HWY_INLINE float inverse_rms(const float* x, std::int64_t size, float epsilon) {
  Vector squares = hn::Zero(Floats());
  for_lanes(size, [&](const auto& place) MIDILLAMA_LAMBDA {
    const Vector v = place.load(x);
    squares = hn::MulAdd(v, v, squares);
  });
  return 1.0F / std::sqrt(sum(squares) / static_cast<float>(size) + epsilon);
}

void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += size, y += size) {
    const Vector scale = hn::Set(Floats(), inverse_rms(x, size, epsilon));
    for_lanes(size,
              [&](const auto& place) MIDILLAMA_LAMBDA { place.store(hn::Mul(hn::Mul(place.load(x), scale), place.load(weight)), y); });
  }
}

void rms_norm_backward(const float* dy, const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size,
                       float* dx) {
  const Floats d;
  for (std::int64_t row = 0; row < rows; ++row, dy += size, x += size, dx += size) {
    const float scale = inverse_rms(x, size, epsilon);
    Vector products = hn::Zero(d);
    for_lanes(size, [&](const auto& place)
                        MIDILLAMA_LAMBDA { products = hn::MulAdd(hn::Mul(place.load(dy), place.load(weight)), place.load(x), products); });
    const Vector along = hn::Set(d, sum(products) * scale * scale * scale / static_cast<float>(size)), of_dy = hn::Set(d, scale);
    for_lanes(size, [&](const auto& place) MIDILLAMA_LAMBDA {
      const Vector scaled = hn::Mul(hn::Mul(place.load(dy), place.load(weight)), of_dy);
      place.store(hn::NegMulAdd(place.load(x), along, scaled), dx);
    });
  }
}

void add_rms_norm_weight_gradient(const float* dy, const float* x, float epsilon, std::int64_t rows, std::int64_t size, float* sums) {
  const Floats d;
  for (std::int64_t row = 0; row < rows; ++row, dy += size, x += size) {
    const Vector scale = hn::Set(d, inverse_rms(x, size, epsilon));
    for_lanes(size, [&](const auto& place) MIDILLAMA_LAMBDA {
      place.store(hn::MulAdd(hn::Mul(place.load(x), scale), place.load(dy), place.load(sums)), sums);
    });
  }
}

HWY_INLINE Vector sigmoid(Vector x) {
  const Vector one = hn::Set(Floats(), 1.0F);
  return hn::Div(one, hn::Add(one, exponential(hn::Neg(x))));
}

void swiglu(const float* x, std::int64_t rows, std::int64_t size, float* y) {
  const Vector one = hn::Set(Floats(), 1.0F);
  for (std::int64_t row = 0; row < rows; ++row, x += 2 * size, y += size) {
    for_lanes(size, [&](const auto& place) MIDILLAMA_LAMBDA {
      const Vector gate = place.load(x);
      const Vector silu = hn::Div(gate, hn::Add(one, exponential(hn::Neg(gate))));
      place.store(hn::Mul(silu, place.load(x + size)), y);
    });
  }
}

void swiglu_backward(const float* dy, const float* x, std::int64_t rows, std::int64_t size, float* dx) {
  const Vector one = hn::Set(Floats(), 1.0F);
  for (std::int64_t row = 0; row < rows; ++row, dy += size, x += 2 * size, dx += 2 * size) {
    for_lanes(size, [&](const auto& place) MIDILLAMA_LAMBDA {
      const Vector gate = place.load(x), up = place.load(x + size), open = sigmoid(gate);
      const Vector of_open = hn::Mul(place.load(dy), open);
      place.store(hn::Mul(hn::Mul(of_open, up), hn::MulAdd(gate, hn::Sub(one, open), one)), dx);
      place.store(hn::Mul(of_open, gate), dx + size);
    });
  }
}

void rotate(const float* x, std::int64_t heads, std::int64_t half, const float* cos, const float* sin, float direction, float* y) {
  for (std::int64_t head = 0; head < heads; ++head, x += 2 * half, y += 2 * half) {
    for_lanes(half, [&](const auto& place) MIDILLAMA_LAMBDA {
      const Vector first = place.load(x), second = place.load(x + half);
      const Vector c = place.load(cos), s = hn::Mul(place.load(sin), hn::Set(Floats(), direction));
      place.store(hn::NegMulAdd(second, s, hn::Mul(first, c)), y);
      place.store(hn::MulAdd(first, s, hn::Mul(second, c)), y + half);
    });
  }
}

float softmax(float* row, std::int64_t count) {
  return softmax_of<Tail::exact>(row, count, 1.0F);
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace midillama::kernels {

HWY_EXPORT(rms_norm);
HWY_EXPORT(rms_norm_backward);
HWY_EXPORT(add_rms_norm_weight_gradient);
HWY_EXPORT(swiglu);
HWY_EXPORT(swiglu_backward);
HWY_EXPORT(rotate);
HWY_EXPORT(softmax);

void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size, float* y) {
  HWY_DYNAMIC_DISPATCH(rms_norm)(x, weight, epsilon, rows, size, y);
}

void rms_norm_backward(const float* dy, const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t size,
                       float* dx) {
  HWY_DYNAMIC_DISPATCH(rms_norm_backward)(dy, x, weight, epsilon, rows, size, dx);
}

void add_rms_norm_weight_gradient(const float* dy, const float* x, float epsilon, std::int64_t rows, std::int64_t size, float* sums) {
  HWY_DYNAMIC_DISPATCH(add_rms_norm_weight_gradient)(dy, x, epsilon, rows, size, sums);
}

void swiglu(const float* x, std::int64_t rows, std::int64_t size, float* y) {
  HWY_DYNAMIC_DISPATCH(swiglu)(x, rows, size, y);
}

void swiglu_backward(const float* dy, const float* x, std::int64_t rows, std::int64_t size, float* dx) {
  HWY_DYNAMIC_DISPATCH(swiglu_backward)(dy, x, rows, size, dx);
}

void rotate(const float* x, std::int64_t heads, std::int64_t half, const float* cos, const float* sin, float direction, float* y) {
  HWY_DYNAMIC_DISPATCH(rotate)(x, heads, half, cos, sin, direction, y);
}

float softmax(float* row, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(softmax)(row, count);
}

}  // namespace midillama::kernels
#endif
