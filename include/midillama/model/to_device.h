// From the host's memory to a device.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>

namespace midillama::model {

// `x` itself where it is there already. To a GPU it goes through pinned memory, and the host does not wait for it.
torch::Tensor to_device(const torch::Tensor& x, torch::Device device);
// → [n] int64
torch::Tensor to_device(std::span<const std::int64_t> values, torch::Device device);

}  // namespace midillama::model
