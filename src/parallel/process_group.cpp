#include "midillama/parallel/process_group.h"

#include "midillama/core/error.h"
#include "parallel/allocator.h"
#include "parallel/c10d_group.h"

#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace midillama::parallel {
namespace {

struct Done final : Pending {
  void wait() override {}
};

class SingleRank final : public ProcessGroup {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::unique_ptr<Pending> start_all_reduce_sum(torch::Tensor) override { return std::make_unique<Done>(); }
  std::unique_ptr<Pending> start_all_gather(torch::Tensor tensor, torch::Tensor gathered) override {
    gathered.copy_(tensor);
    return std::make_unique<Done>();
  }
  void broadcast(torch::Tensor, int) override {}
  void barrier() override {}
  std::vector<std::string> all_gather(const std::string& text) override { return {text}; }
};

}  // namespace

std::unique_ptr<ProcessGroup> ProcessGroup::from_environment(torch::Device device, std::chrono::seconds timeout) {
  const Environment environment = Environment::read();
  if (environment.size == 1) return std::make_unique<SingleRank>();
  return std::make_unique<C10dGroup>(environment, device, timeout);
}

void ProcessGroup::main_first(const std::function<void()>& work) {
  if (is_main()) work();
  barrier();
  if (!is_main()) work();
}

void set_threads(std::int64_t threads) {
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  at::set_num_threads(static_cast<int>(threads > 0 ? threads : std::max<std::int64_t>(1, cores / local_size())));
}

torch::Device choose_device(const std::string& name) {
  const auto gpus = static_cast<int>(torch::cuda::device_count());
  if (name == "cpu" || (name == "auto" && gpus == 0)) return torch::kCPU;
  if (c10::is_privateuse1_backend_registered() && name == c10::get_privateuse1_backend()) return {torch::kPrivateUse1, 0};
  if (name != "cuda" && name != "auto") throw UsageError(fmt::format("run.device is \"{}\": give auto, cpu or cuda", name));
  if (local_rank() >= gpus) {
    throw UsageError(
        fmt::format("run.device is \"{}\", but this rank's GPU, number {}, is not there: this machine has {} that LibTorch can use", name,
                    local_rank(), gpus));
  }
  const torch::Device device(torch::kCUDA, static_cast<torch::DeviceIndex>(local_rank()));
  let_segments_grow();
  c10::impl::VirtualGuardImpl(torch::kCUDA).setDevice(device);
  return device;
}

}  // namespace midillama::parallel
