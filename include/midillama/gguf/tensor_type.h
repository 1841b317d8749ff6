// How a GGUF file holds numbers: plain, or quantized in blocks that have scales of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace midillama::gguf {

// A row of the table in tensor_type.cpp.
struct TensorType {
  std::uint32_t number;        // the format's
  std::string_view name;       // "Q4_K"
  std::size_t block_elements;  // consecutive ones of a row
  std::size_t block_bytes;
  void (*read_block)(const std::uint8_t* block, float* elements);
};

// Null for a type that cannot be read.
const TensorType* find_type(std::uint32_t number);

// For errors: the name of any type that the format knows ("IQ2_XXS"), else its number; and what can be read instead.
std::string name_of_type(std::uint32_t number);
std::string readable_types();

// `elements` takes all elements of the blocks. Equal to the last bit to what the format's reference computes in float32 (the Python package
// gguf): it rounds after every operation.
void dequantize(const TensorType& type, std::string_view blocks, std::span<float> elements);

}  // namespace midillama::gguf
