#include "machine.h"

// Read once for each target, before what differs between them.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "machine.cpp"
#include <hwy/foreach_target.h>
#include "kernels/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

constexpr int kSums = 12;

std::int64_t operations_a_round() {
  return 2 * kSums * lanes(Floats());
}

float fused_multiply_adds(std::int64_t rounds) {
  const Floats d;
  Vector total = hn::Zero(d);
  with_zeros<kSums>(d, [&](auto&... sums) MIDILLAMA_LAMBDA {
    for_each<kSums>([&](auto i, auto& sum) MIDILLAMA_LAMBDA { sum = hn::Set(d, static_cast<float>(i.value)); },
                    sums...);  // alike, they would be one
    const Vector factor = hn::Set(d, 0.5F), addend = hn::Set(d, static_cast<float>(rounds));
    for (std::int64_t round = 0; round < rounds; ++round) {
      for_each<kSums>([&](auto, auto& sum) MIDILLAMA_LAMBDA { sum = hn::MulAdd(sum, factor, addend); }, sums...);
    }
    ((total = hn::Add(total, sums)), ...);
  });
  return sum(total);
}

float read_all(std::span<const float> values) {
  const Floats d;
  Vector total = hn::Zero(d);
  with_zeros<8>(d, [&](auto&... sums) MIDILLAMA_LAMBDA {
    const float *at = values.data(), *end = at + values.size() / 128 * 128;
    for (; at != end; at += 8 * lanes(d)) {
      for_each<8>([&](auto i, auto& sum) MIDILLAMA_LAMBDA { sum = hn::Add(sum, hn::LoadU(d, at + i * lanes(d))); }, sums...);
    }
    ((total = hn::Add(total, sums)), ...);
  });
  return sum(total);
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <chrono>
#include <vector>

namespace midillama::kernels {
HWY_EXPORT(fused_multiply_adds);
HWY_EXPORT(operations_a_round);
HWY_EXPORT(read_all);
}  // namespace midillama::kernels

namespace midillama::bench {
namespace {

constexpr int kTries = 40;

template <typename Work>
double least_seconds(const Work& work) {
  double least = 1e9;
  for (int i = 0; i < kTries; ++i) {
    const auto started = std::chrono::steady_clock::now();
    volatile const float result = work();
    static_cast<void>(result);
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  return least;
}

}  // namespace

float fused_multiply_adds(std::int64_t rounds) {
  using namespace kernels;
  return HWY_DYNAMIC_DISPATCH(fused_multiply_adds)(rounds);
}

std::int64_t operations_a_round() {
  using namespace kernels;
  return HWY_DYNAMIC_DISPATCH(operations_a_round)();
}

float read_all(std::span<const float> values) {
  using namespace kernels;
  return HWY_DYNAMIC_DISPATCH(read_all)(values);
}

double peak_gflops() {
  constexpr std::int64_t kRounds = 500'000;
  return static_cast<double>(kRounds * operations_a_round()) / least_seconds([] { return fused_multiply_adds(kRounds); }) / 1e9;
}

double read_bandwidth(std::int64_t bytes) {
  const std::vector<float> values(static_cast<std::size_t>(bytes) / sizeof(float), 1.0F);
  return static_cast<double>(bytes) / least_seconds([&] { return read_all(values); }) / 1e9;
}

}  // namespace midillama::bench
#endif
