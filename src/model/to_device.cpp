#include "midillama/model/to_device.h"

namespace midillama::model {

torch::Tensor to_device(const torch::Tensor& x, torch::Device device) {
  if (!device.is_cuda() || !x.is_cpu()) return x.to(device);
  return x.pin_memory().to(torch::TensorOptions(device), /*non_blocking=*/true);  // the pinned copy is kept until it has been read
}

torch::Tensor to_device(std::span<const std::int64_t> values, torch::Device device) {
  const auto options = torch::TensorOptions().dtype(torch::kInt64).pinned_memory(device.is_cuda());
  const torch::Tensor on_host = torch::empty({static_cast<std::int64_t>(values.size())}, options);
  std::ranges::copy(values, on_host.mutable_data_ptr<std::int64_t>());
  return to_device(on_host, device);
}

}  // namespace midillama::model
