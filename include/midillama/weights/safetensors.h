// The safetensors format: an 8-byte length, a JSON header, the tensors' bytes.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace midillama::weights {

using TensorMap = std::map<std::string, torch::Tensor>;
using Metadata = std::map<std::string, std::string>;

struct TensorInfo {
  torch::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // byte offsets in the data part
  std::uint64_t end = 0;
};

// One file, memory-mapped. The header is checked (length, JSON, dtypes, shapes, offsets, overlaps, holes, file size) before anything is
// trusted; InputError names the file and the tensor. Copies share the mapping.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const;
  const std::map<std::string, TensorInfo>& tensors() const;
  const Metadata& metadata() const;
  // A view of the mapped bytes (it keeps the mapping alive; never written to).
  torch::Tensor tensor(const std::string& name) const;
  // Copies a tensor into a contiguous one of its shape, any dtype and device, piece by piece; the mapped pages are given back on the way,
  // so that a model's bytes are not in memory twice.
  void copy_into(const std::string& name, const torch::Tensor& destination) const;

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
};

// All tensors of a file, copied into memory.
TensorMap read_safetensors(const std::filesystem::path& path);

// Written atomically (temporary name, flush, rename). Tensors on any device, contiguous or not; shared storage is written twice.
void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors, const Metadata& metadata = {});
// The same with `tensor_of` giving each tensor when its turn comes, so that they need not be in memory together. It must have the dtype and
// shape that `tensors` says (offsets there are not looked at).
using TensorOf = std::function<torch::Tensor(const std::string& name)>;
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, TensorInfo>& tensors, const TensorOf& tensor_of,
                       const Metadata& metadata = {});

}  // namespace midillama::weights
