// Weights in 8 bits, for decoding on a CPU: a step reads each weight once, so a quarter of the bytes is a fraction of the time.
//
// 32 weights of one output are a block with one scale (as in GGUF's Q8_0): weight ≈ level · scale, levels from -127 to 127. The scale is
// the least bfloat16 with which the block's greatest weight fits, levels are rounded to the nearest (halves to even). So a weight is off by
// half a scale at most, and a scale is 1/127 of its block's greatest weight, up to 1/128 more for its own rounding.
//
// In memory the blocks of four outputs are beside each other, in the order in which a product reads them: one stream, which a processor
// loads ahead.
#pragma once

#include <cstdint>

namespace midillama::kernels {

inline constexpr std::int64_t kInt8Block = 32;
inline constexpr std::int64_t kInt8Outputs = 4;

// A weight [outputs, inputs]. With blocks = int8_blocks(inputs), and whole fours of outputs:
struct Int8Weight {
  const std::int8_t* levels = nullptr;    // [outputs / 4, blocks, 4, 32]
  const std::uint16_t* scales = nullptr;  // [outputs / 4, blocks, 4] bfloat16
};

constexpr std::int64_t int8_blocks(std::int64_t inputs) {
  return (inputs + kInt8Block - 1) / kInt8Block;
}

// Of an output's block, in the scales; its levels are at kInt8Block times that.
constexpr std::int64_t int8_place(std::int64_t output, std::int64_t block, std::int64_t blocks) {
  return (output / kInt8Outputs * blocks + block) * kInt8Outputs + output % kInt8Outputs;
}

// One output's weights, finite ones, to their places in the whole weight's levels and scales. Levels after the last input are zero.
void quantize(const float* weight, std::int64_t output, std::int64_t inputs, std::int8_t* levels, std::uint16_t* scales);

}  // namespace midillama::kernels
