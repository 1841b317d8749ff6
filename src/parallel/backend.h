// The c10d backend of a device.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>

namespace midillama::parallel {

// NCCL where `device` is CUDA, Gloo on the CPU; Error where this build lacks it.
c10::intrusive_ptr<c10d::Backend> make_backend(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, torch::Device device,
                                               std::chrono::milliseconds timeout);

}  // namespace midillama::parallel
