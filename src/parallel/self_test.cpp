#include "midillama/parallel/self_test.h"

#include "midillama/core/error.h"
#include "parallel/backend.h"

#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <torch/utils.h>

#include <fmt/format.h>

#include <chrono>
#include <vector>

namespace midillama::parallel {

std::string test_all_reduce(torch::Device device) {
  const std::string name = device.is_cuda() ? "NCCL" : "Gloo";
  const auto numbers = torch::arange(8, torch::dtype(torch::kFloat32).device(device));
  std::vector<torch::Tensor> tensors = {numbers.clone()};
  try {
    const auto backend = make_backend(c10::make_intrusive<c10d::HashStore>(), 0, 1, device, std::chrono::seconds(30));
    backend->allreduce(tensors)->wait();
  } catch (const c10::Error& error) {
    throw Error(fmt::format("{} does not work here: {}", name, error.what_without_backtrace()));
  }
  if (!tensors[0].equal(numbers)) throw Error(fmt::format("{} sums wrongly over one rank", name));
  return name;
}

}  // namespace midillama::parallel
