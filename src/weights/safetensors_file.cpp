#include "midillama/core/error.h"
#include "midillama/core/mapped_file.h"
#include "midillama/weights/finite.h"
#include "midillama/weights/safetensors.h"
#include "safetensors_header.h"

#include <fmt/format.h>

#include <cstring>

namespace midillama::weights {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::int64_t kPieceBytes = 16 << 20;

std::string_view header_text(std::string_view bytes, const std::string& file) {
  if (bytes.size() < kLengthBytes) throw InputError(file, "", "is shorter than the 8 bytes that every safetensors file begins with");
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    throw InputError(file, "byte 0", fmt::format("the header's length of {} bytes does not fit a file of {} bytes", length, bytes.size()));
  }
  return bytes.substr(kLengthBytes, length);
}

}  // namespace

struct SafetensorsFile::Mapping {
  explicit Mapping(const fs::path& file) : path(file), mapped(file) {
    const std::string_view json = header_text(mapped.bytes(), path.string());
    data = kLengthBytes + json.size();
    header = parse_header(json, mapped.bytes().size() - data, path.string());
  }

  const TensorInfo& info(const std::string& name) const {
    const auto found = header.tensors.find(name);
    if (found == header.tensors.end()) throw InputError(path.string(), name, "there is no such tensor in the file");
    return found->second;
  }

  fs::path path;
  MappedFile mapped;
  std::uint64_t data = 0;  // where the data part begins
  Header header;
};

SafetensorsFile::SafetensorsFile(const fs::path& path) : mapping_(std::make_shared<const Mapping>(path)) {}

const fs::path& SafetensorsFile::path() const {
  return mapping_->path;
}
const std::map<std::string, TensorInfo>& SafetensorsFile::tensors() const {
  return mapping_->header.tensors;
}
const Metadata& SafetensorsFile::metadata() const {
  return mapping_->header.metadata;
}

torch::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const TensorInfo& info = mapping_->info(name);
  const auto options = torch::TensorOptions().dtype(info.dtype);
  const char* bytes = mapping_->mapped.bytes().data() + mapping_->data + info.begin;
  if (info.begin == info.end) return torch::empty(info.shape, options);
  if (reinterpret_cast<std::uintptr_t>(bytes) % c10::elementSize(info.dtype) != 0) {  // a header that was not padded
    torch::Tensor copy = torch::empty(info.shape, options);
    std::memcpy(copy.data_ptr(), bytes, info.end - info.begin);
    return copy;
  }
  return torch::from_blob(
      const_cast<char*>(bytes), info.shape, [keep = mapping_](void*) {}, options);
}

void SafetensorsFile::copy_into(const std::string& name, const torch::Tensor& destination) const {
  const torch::NoGradGuard no_grad;
  const TensorInfo& info = mapping_->info(name);
  const torch::Tensor from = tensor(name).view({-1});
  const torch::Tensor to = destination.view({-1});
  const auto element_bytes = static_cast<std::int64_t>(c10::elementSize(info.dtype));
  const std::int64_t piece = kPieceBytes / element_bytes;
  for (std::int64_t start = 0; start < from.numel(); start += piece) {
    const std::int64_t count = std::min(piece, from.numel() - start);
    const torch::Tensor part = from.narrow(0, start, count);
    if (!is_finite(part)) throw not_finite(path(), name);
    const torch::Tensor copy = to.narrow(0, start, count);
    copy.copy_(part);
    if (copy.scalar_type() != info.dtype && !is_finite(copy)) throw too_large(path(), name, copy.scalar_type());
    const std::uint64_t begin = mapping_->data + info.begin + static_cast<std::uint64_t>(start * element_bytes);
    mapping_->mapped.release(begin, begin + static_cast<std::uint64_t>(count * element_bytes));
  }
}

TensorMap read_safetensors(const fs::path& path) {
  const SafetensorsFile file(path);
  require_finite(file);
  TensorMap tensors;
  for (const auto& [name, info] : file.tensors()) tensors.emplace(name, file.tensor(name).clone());
  return tensors;
}

}  // namespace midillama::weights
