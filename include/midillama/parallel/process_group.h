// The ranks of a run. One rank and many take the same path: with one rank every call returns at once. Only this room names c10d.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace midillama::parallel {

class ProcessGroup {
 public:
  // Reads RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT; one rank where WORLD_SIZE is not set or 1. NCCL where `device` is CUDA, Gloo on the CPU.
  // UsageError where a variable is missing or no number; Error naming the ranks that did not come within `timeout`.
  static std::unique_ptr<ProcessGroup> from_environment(torch::Device device, std::chrono::seconds timeout);
  virtual ~ProcessGroup() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  bool is_main() const { return rank() == 0; }

  // Sums in place over all ranks. Error naming the rank that is gone where one died or stalled.
  virtual void all_reduce_sum(torch::Tensor tensor) = 0;
  virtual void broadcast(torch::Tensor tensor, int root) = 0;
  virtual void barrier() = 0;
  // Every rank's text, in rank order, on every rank.
  virtual std::vector<std::string> all_gather(const std::string& text) = 0;
};

// LOCAL_RANK of this process (0 where not set), and how many ranks this machine has (LOCAL_WORLD_SIZE; WORLD_SIZE where not set).
int local_rank();
int local_size();

}  // namespace midillama::parallel
