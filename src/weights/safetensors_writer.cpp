#include "midillama/core/atomic_file.h"
#include "midillama/core/file.h"
#include "midillama/weights/finite.h"
#include "midillama/weights/safetensors.h"
#include "safetensors_header.h"

#include <fmt/format.h>

namespace midillama::weights {
namespace {

constexpr std::size_t kAlignment = 8;

using Entry = std::pair<std::string, TensorInfo>;

std::size_t bytes_of(const TensorInfo& info) {
  return static_cast<std::size_t>(c10::multiply_integers(info.shape)) * c10::elementSize(info.dtype);
}

// Wide elements first, then by name: every tensor starts at a multiple of its element size.
std::vector<Entry> in_file_order(const std::map<std::string, TensorInfo>& tensors) {
  std::vector<Entry> entries(tensors.begin(), tensors.end());
  std::ranges::stable_sort(entries, std::greater{}, [](const Entry& entry) { return c10::elementSize(entry.second.dtype); });
  return entries;
}

std::string header_of(const std::vector<Entry>& entries, const Metadata& metadata) {
  OrderedJson header = OrderedJson::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const auto& [name, info] : entries) {
    if (name == "__metadata__") throw Error("a tensor cannot be called __metadata__ in a safetensors file");
    const std::size_t end = offset + bytes_of(info);
    header[name] = {{"dtype", dtype_name(info.dtype)}, {"shape", info.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return bytes;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::map<std::string, TensorInfo>& tensors, const TensorOf& tensor_of,
                       const Metadata& metadata) {
  const std::vector<Entry> entries = in_file_order(tensors);
  const std::string header = header_of(entries, metadata);
  AtomicFile file(path);
  file.write(little_endian(header.size()));
  file.write(header);
  for (const auto& [name, info] : entries) {
    const torch::Tensor bytes = tensor_of(name).detach().to(torch::kCPU).contiguous();
    if (bytes.scalar_type() != info.dtype || bytes.sizes() != at::IntArrayRef(info.shape)) {
      throw Error(fmt::format("{}: {}: another dtype or shape was announced", path.string(), name));
    }
    if (!is_finite(bytes))
      throw Error(fmt::format("{}: {} holds a number that is not finite (NaN or infinite); nothing was written", path.string(), name));
    file.write({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
  }
  file.commit();
}

void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors, const Metadata& metadata) {
  std::map<std::string, TensorInfo> infos;
  for (const auto& [name, tensor] : tensors) infos.emplace(name, TensorInfo{tensor.scalar_type(), tensor.sizes().vec()});
  write_safetensors(
      path, infos, [&](const std::string& name) { return tensors.at(name); }, metadata);
}

}  // namespace midillama::weights
