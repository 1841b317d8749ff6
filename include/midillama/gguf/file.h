// GGUF, the one-file format of ggml and llama.cpp: values by key, then tensors by name. Versions 2 and 3, little-endian.
#pragma once

#include "midillama/gguf/tensor_type.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::gguf {

// Views of the mapped file.
using Texts = std::vector<std::string_view>;

struct Tensor {
  const TensorType* type = nullptr;
  std::vector<std::int64_t> shape;  // [rows, columns], as other formats have it; none is 0
  std::uint64_t begin = 0;          // in the file
  std::uint64_t bytes = 0;

  std::int64_t rows() const { return shape.size() < 2 ? 1 : shape[0]; }  // of a tensor of at most two dimensions
  std::int64_t columns() const { return shape.back(); }
};

// One file, memory-mapped. Nothing that it claims is believed: counts, lengths, types, shapes, alignment and offsets are checked against
// the bytes that are there before memory is taken for them, tensors may not overlap. InputError names the file and the byte, key or tensor.
class File {
 public:
  explicit File(const std::filesystem::path& path);

  const std::string& path() const;
  const std::map<std::string, Tensor, std::less<>>& tensors() const;

  std::vector<std::string_view> keys() const;

  // A value as what it should be: nothing where the key is absent, InputError where it is something else.
  std::optional<std::string_view> text(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<Texts> texts(std::string_view key) const;
  std::optional<std::vector<std::int64_t>> integers(std::string_view key) const;
  std::optional<std::vector<double>> numbers(std::string_view key) const;

  // Rows of a tensor of at most two dimensions as float32, `elements` = rows · columns of them.
  void read_rows(const Tensor& tensor, std::int64_t first_row, std::span<float> elements) const;
  // The tensor's pages are given back; they come again when they are touched.
  void release(const Tensor& tensor) const;

 private:
  struct Contents;
  std::shared_ptr<const Contents> contents_;
};

}  // namespace midillama::gguf
