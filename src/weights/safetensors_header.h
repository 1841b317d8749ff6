// The JSON header of a safetensors file, read without building a document: memory stays in proportion to the tensors that it names.
#pragma once

#include "midillama/weights/safetensors.h"

#include <string>
#include <string_view>

namespace midillama::weights {

// The format's own limit; no allocation depends on a longer length.
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

struct Header {
  std::map<std::string, TensorInfo> tensors;
  Metadata metadata;
};

// `file` is named in errors; `data_bytes` is the length of the part after the header. The tensors must cover it without overlap or hole,
// as the reference library demands.
Header parse_header(std::string_view json, std::uint64_t data_bytes, const std::string& file);

// The format's name of a dtype ("BF16"); Error for one that it lacks.
std::string dtype_name(torch::ScalarType dtype);

}  // namespace midillama::weights
