#include "midillama/weights/finite.h"

#include "safetensors_header.h"

#include <fmt/format.h>

#include <cmath>

namespace midillama::weights {
namespace {

bool has_extrema(torch::ScalarType dtype) {
  return dtype == torch::kFloat32 || dtype == torch::kFloat64 || dtype == torch::kBFloat16 || dtype == torch::kFloat16;
}

}  // namespace

bool is_finite(const torch::Tensor& tensor) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return true;
  const auto [least, greatest] = at::aminmax(has_extrema(tensor.scalar_type()) ? tensor : tensor.to(torch::kFloat32));  // NaN comes through
  return std::isfinite(least.item<double>()) && std::isfinite(greatest.item<double>());
}

void require_finite(const SafetensorsFile& file) {
  for (const auto& [name, info] : file.tensors()) {
    if (!is_finite(file.tensor(name))) throw not_finite(file.path(), name);
  }
}

InputError too_large(const std::filesystem::path& file, const std::string& name, torch::ScalarType dtype) {
  return {file.string(), name, fmt::format("holds a number that is too large for {}", dtype_name(dtype))};
}

InputError not_finite(const std::filesystem::path& file, const std::string& name) {
  return {file.string(), name,
          "holds a number that is not finite (NaN or infinite): what wrote it had gone wrong; take an earlier checkpoint"};
}

}  // namespace midillama::weights
