// Weights in 8 bits as vectors of floats (kernels/int8.h), compiled once for each target like lanes-inl.h.

// No #pragma once: it is read again for each target.
#if defined(MIDILLAMA_KERNELS_INT8_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MIDILLAMA_KERNELS_INT8_INL_H
#undef MIDILLAMA_KERNELS_INT8_INL_H
#else
#define MIDILLAMA_KERNELS_INT8_INL_H
#endif

#include "kernels/lanes-inl.h"
#include "midillama/kernels/int8.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <bit>

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

using Levels = hn::Rebind<std::int8_t, Floats>;

HWY_INLINE Vector load_levels(const std::int8_t* from) {
  const Floats d;
  return hn::ConvertTo(d, hn::PromoteTo(hn::RebindToSigned<Floats>(), hn::LoadU(Levels(), from)));
}

HWY_INLINE Vector load_scale(const std::uint16_t* from) {
  return hn::Set(Floats(), std::bit_cast<float>(std::uint32_t{*from} << 16));
}

// The weights of outputs [output, output + outputs) and of inputs [begin, begin + count), where a block begins, in float32: rows `stride`
// apart, which is whole blocks. As many outputs after them are on their way from memory then.
HWY_INLINE void expand(const Int8Weight& weight, std::int64_t blocks, std::int64_t output, std::int64_t outputs, std::int64_t begin,
                       std::int64_t count, float* to, std::int64_t stride) {
  const Floats d;
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t block = 0; block < int8_blocks(count); ++block) {
      const std::int64_t place = int8_place(output + o, begin / kInt8Block + block, blocks);
      const Vector scale = load_scale(weight.scales + place);
      const std::int8_t* levels = weight.levels + place * kInt8Block;
      hwy::Prefetch(levels + outputs * blocks * kInt8Block);
      float* of_block = to + o * stride + block * kInt8Block;
      for (std::int64_t at = 0; at < kInt8Block; at += lanes(d)) hn::Store(hn::Mul(load_levels(levels + at), scale), d, of_block + at);
    }
  }
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
