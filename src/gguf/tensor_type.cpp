// Blocks of 32 elements have one scale; those named K have 256 elements, with small scales for each 16 or 32 of them and a large one for
// these. Layouts are those of ggml; integers are little-endian.
#include "midillama/gguf/tensor_type.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

namespace midillama::gguf {
namespace {

using Byte = std::uint8_t;

constexpr std::size_t kBlock = 32;
constexpr std::size_t kSuperBlock = 256;

std::uint32_t two_bytes(const Byte* bytes) {
  return bytes[0] | std::uint32_t{bytes[1]} << 8;
}

std::uint32_t four_bytes(const Byte* bytes) {
  return two_bytes(bytes) | two_bytes(bytes + 2) << 16;
}

float signed_byte(Byte byte) {
  return static_cast<float>(static_cast<std::int8_t>(byte));
}

float half(const Byte* bytes) {
  const std::uint32_t bits = two_bytes(bytes);
  const std::uint32_t sign = (bits & 0x8000) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1F;
  const std::uint32_t fraction = bits & 0x3FF;
  if (exponent == 0) return std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24F) | sign);
  const std::uint32_t wide_exponent = exponent == 0x1F ? 0xFF : exponent + 127 - 15;
  return std::bit_cast<float>(sign | wide_exponent << 23 | fraction << 13);
}

void read_f32(const Byte* block, float* out) {
  *out = std::bit_cast<float>(four_bytes(block));
}

void read_f16(const Byte* block, float* out) {
  *out = half(block);
}

void read_bf16(const Byte* block, float* out) {
  *out = std::bit_cast<float>(two_bytes(block) << 16);
}

// Four bits: the low halves of the bytes come first.
std::uint32_t nibble(const Byte* bytes, std::size_t i) {
  return bytes[i % 16] >> (i / 16 * 4) & 0xFU;
}

std::uint32_t five_bits(const Byte* low, const Byte* high, std::size_t i) {
  return nibble(low, i) | (four_bytes(high) >> i & 1) << 4;
}

void read_q4_0(const Byte* block, float* out) {
  const float scale = half(block);
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = scale * (static_cast<float>(nibble(block + 2, i)) - 8);
}

void read_q4_1(const Byte* block, float* out) {
  const float scale = half(block), least = half(block + 2);
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = scale * static_cast<float>(nibble(block + 4, i)) + least;
}

void read_q5_0(const Byte* block, float* out) {
  const float scale = half(block);
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = scale * (static_cast<float>(five_bits(block + 6, block + 2, i)) - 16);
}

void read_q5_1(const Byte* block, float* out) {
  const float scale = half(block), least = half(block + 2);
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = scale * static_cast<float>(five_bits(block + 8, block + 4, i)) + least;
}

void read_q8_0(const Byte* block, float* out) {
  const float scale = half(block);
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = scale * signed_byte(block[2 + i]);
}

// Two bits: of 32 bytes the lowest pairs come first.
std::uint32_t bit_pair(const Byte* bytes, std::size_t i) {
  return bytes[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3U;
}

// One bit of each of 32 elements, the lowest bits of 32 bytes first.
std::uint32_t single_bit(const Byte* bytes, std::size_t i) {
  return bytes[i % 32] >> (i / 32) & 1U;
}

// Four bits: of `run` bytes the low halves come first.
std::uint32_t nibble_of_run(const Byte* bytes, std::size_t i, std::size_t run) {
  return bytes[i / (2 * run) * run + i % run] >> (i % (2 * run) / run * 4) & 0xFU;
}

void read_q2_k(const Byte* block, float* out) {
  const Byte *scales = block, *quants = block + 16;
  const float scale = half(block + 80), least = half(block + 82);
  for (std::size_t start = 0; start < kSuperBlock; start += 16) {
    const Byte both = scales[start / 16];
    const float small_scale = scale * static_cast<float>(both & 0xF);
    const float small_least = least * static_cast<float>(both >> 4);
    for (std::size_t i = start; i < start + 16; ++i) out[i] = small_scale * static_cast<float>(bit_pair(quants, i)) - small_least;
  }
}

// Six bits: four of them in eight bytes, the low halves first, the other two in the four bytes that follow.
int q3_k_scale(const Byte* scales, std::size_t i) {
  const std::uint32_t low = scales[i % 8] >> (i / 8 * 4) & 0xFU;
  const std::uint32_t high = scales[8 + i % 4] >> (i / 4 * 2) & 3U;
  return static_cast<int>(low | high << 4) - 32;
}

void read_q3_k(const Byte* block, float* out) {
  const Byte *high = block, *quants = block + 32, *scales = block + 96;
  const float scale = half(block + 108);
  for (std::size_t start = 0; start < kSuperBlock; start += 16) {
    const float small_scale = scale * static_cast<float>(q3_k_scale(scales, start / 16));
    for (std::size_t i = start; i < start + 16; ++i) {
      out[i] = small_scale * static_cast<float>(static_cast<int>(bit_pair(quants, i)) - (single_bit(high, i) != 0 ? 0 : 4));
    }
  }
}

struct ScaleAndLeast {
  float scale, least;
};

// Six bits each, for 32 elements: the first four of both are in the low bits of eight bytes, whose two high bits belong to the last four.
ScaleAndLeast small_scales(const Byte* block, std::size_t i) {
  const float scale = half(block), least = half(block + 2);
  const Byte* packed = block + 4;
  std::uint32_t scale_bits, least_bits;
  if (i < 4) {
    scale_bits = packed[i] & 0x3F;
    least_bits = packed[i + 4] & 0x3F;
  } else {
    scale_bits = (packed[i + 4] & 0xF) | (packed[i - 4] >> 2 & 0x30);
    least_bits = packed[i + 4] >> 4 | (packed[i] >> 2 & 0x30);
  }
  return {scale * static_cast<float>(scale_bits), least * static_cast<float>(least_bits)};
}

void read_q4_k(const Byte* block, float* out) {
  for (std::size_t start = 0; start < kSuperBlock; start += 32) {
    const auto [scale, least] = small_scales(block, start / 32);
    for (std::size_t i = start; i < start + 32; ++i) out[i] = scale * static_cast<float>(nibble_of_run(block + 16, i, 32)) - least;
  }
}

void read_q5_k(const Byte* block, float* out) {
  for (std::size_t start = 0; start < kSuperBlock; start += 32) {
    const auto [scale, least] = small_scales(block, start / 32);
    for (std::size_t i = start; i < start + 32; ++i) {
      out[i] = scale * static_cast<float>(nibble_of_run(block + 48, i, 32) | single_bit(block + 16, i) << 4) - least;
    }
  }
}

void read_q6_k(const Byte* block, float* out) {
  const Byte *low = block, *high = block + 128, *scales = block + 192;
  const float scale = half(block + 208);
  for (std::size_t start = 0; start < kSuperBlock; start += 16) {
    const float small_scale = scale * signed_byte(scales[start / 16]);
    for (std::size_t i = start; i < start + 16; ++i) {
      out[i] = small_scale * static_cast<float>(static_cast<int>(nibble_of_run(low, i, 64) | bit_pair(high, i) << 4) - 32);
    }
  }
}

constexpr auto kTypes = std::to_array<TensorType>({{0, "F32", 1, 4, read_f32},
                                                   {1, "F16", 1, 2, read_f16},
                                                   {30, "BF16", 1, 2, read_bf16},
                                                   {8, "Q8_0", kBlock, 34, read_q8_0},
                                                   {2, "Q4_0", kBlock, 18, read_q4_0},
                                                   {3, "Q4_1", kBlock, 20, read_q4_1},
                                                   {6, "Q5_0", kBlock, 22, read_q5_0},
                                                   {7, "Q5_1", kBlock, 24, read_q5_1},
                                                   {10, "Q2_K", kSuperBlock, 84, read_q2_k},
                                                   {11, "Q3_K", kSuperBlock, 110, read_q3_k},
                                                   {12, "Q4_K", kSuperBlock, 144, read_q4_k},
                                                   {13, "Q5_K", kSuperBlock, 176, read_q5_k},
                                                   {14, "Q6_K", kSuperBlock, 210, read_q6_k}});

// The others that the format has.
struct Unreadable {
  std::uint32_t number;
  std::string_view name;
};
constexpr auto kUnreadable = std::to_array<Unreadable>(
    {{9, "Q8_1"},   {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"},
     {21, "IQ3_S"}, {22, "IQ2_S"}, {23, "IQ4_XS"},  {24, "I8"},     {25, "I16"},     {26, "I32"},   {27, "I64"},
     {28, "F64"},   {29, "IQ1_M"}, {34, "TQ1_0"},   {35, "TQ2_0"},  {39, "MXFP4"},   {40, "NVFP4"}, {41, "Q1_0"}});

}  // namespace

const TensorType* find_type(std::uint32_t number) {
  const auto found = std::ranges::find(kTypes, number, &TensorType::number);
  return found == kTypes.end() ? nullptr : &*found;
}

std::string name_of_type(std::uint32_t number) {
  if (const TensorType* type = find_type(number)) return std::string(type->name);
  const auto found = std::ranges::find(kUnreadable, number, &Unreadable::number);
  return found == kUnreadable.end() ? fmt::format("number {}", number) : std::string(found->name);
}

std::string readable_types() {
  std::string names;
  for (const TensorType& type : kTypes) names += (names.empty() ? "" : ", ") + std::string(type.name);
  return names;
}

void dequantize(const TensorType& type, std::string_view blocks, std::span<float> elements) {
  const std::size_t count = blocks.size() / type.block_bytes;
  if (count * type.block_bytes != blocks.size() || count * type.block_elements != elements.size()) {
    throw Error(fmt::format("{} bytes of {} do not hold {} elements", blocks.size(), type.name, elements.size()));
  }
  const auto* bytes = reinterpret_cast<const Byte*>(blocks.data());
  for (std::size_t i = 0; i < count; ++i) type.read_block(bytes + i * type.block_bytes, elements.data() + i * type.block_elements);
}

}  // namespace midillama::gguf
