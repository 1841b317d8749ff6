#include "midillama/kernels/int8.h"

// Read once for each target, before what differs between them.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8.cpp"
#include <hwy/foreach_target.h>
#include "kernels/int8-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

constexpr float kMostLevel = 127.0F;

// The least bfloat16 that is not below `largest` / kMostLevel; never zero, so that it can be divided by.
std::uint16_t scale_for(float largest) {
  const float scale = std::max(largest / kMostLevel, std::numeric_limits<float>::min());
  return static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(scale) + 0xFFFF) >> 16);
}

void quantize(const float* weight, std::int64_t output, std::int64_t inputs, std::int8_t* levels, std::uint16_t* scales) {
  const Floats d;
  const std::int64_t vector = lanes(d), blocks = int8_blocks(inputs);
  const auto load = [&](std::int64_t at)
                        MIDILLAMA_LAMBDA { return load_some(weight + at, std::clamp<std::int64_t>(inputs - at, 0, vector)); };
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = block * kInt8Block, place = int8_place(output, block, blocks);
    Vector most = hn::Zero(d);
    for (std::int64_t at = 0; at < kInt8Block; at += vector) most = hn::Max(most, hn::Abs(load(begin + at)));
    scales[place] = scale_for(hn::GetLane(hn::MaxOfLanes(d, most)));
    const Vector steps = hn::Div(hn::Set(d, 1.0F), load_scale(scales + place));
    for (std::int64_t at = 0; at < kInt8Block; at += vector) {
      const auto rounded = hn::NearestInt(hn::Mul(load(begin + at), steps));
      hn::StoreU(hn::DemoteTo(Levels(), rounded), Levels(), levels + place * kInt8Block + at);
    }
  }
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace midillama::kernels {

HWY_EXPORT(quantize);

void quantize(const float* weight, std::int64_t output, std::int64_t inputs, std::int8_t* levels, std::uint16_t* scales) {
  HWY_DYNAMIC_DISPATCH(quantize)(weight, output, inputs, levels, scales);
}

}  // namespace midillama::kernels
#endif
