// The ranks of a run. One rank and many take the same path: with one rank every call returns at once. Only this room names c10d.
//
// Each rank gives a sign of life in the ranks' store every second. A call that waits for a rank which is gone, or which ended with an
// error, therefore ends within seconds with an Error that names it; a rank that lives but does not come ends sums, broadcasts and gathered
// tensors after `timeout`. barrier and all_gather of a text wait for a living rank as long as it takes: one rank may prepare data while the
// others wait.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace midillama::parallel {

// An operation under way. Its tensors belong to it until wait() has returned.
class Pending {
 public:
  virtual ~Pending() = default;
  virtual void wait() = 0;
};

class ProcessGroup {
 public:
  // Reads RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT; one rank where WORLD_SIZE is not set or 1. NCCL where `device` is
  // CUDA, Gloo on the CPU (GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME choose the network interface, as everywhere). torchrun's own store is
  // used where it offers one. UsageError where a variable is missing or no number; Error naming the ranks that did not come within
  // `timeout`.
  static std::unique_ptr<ProcessGroup> from_environment(torch::Device device, std::chrono::seconds timeout);
  virtual ~ProcessGroup() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  bool is_main() const { return rank() == 0; }

  // Sums in place over all ranks; the tensor is contiguous and has the same shape and dtype everywhere. Every rank starts its operations in
  // the same order; several may be under way at a time.
  virtual std::unique_ptr<Pending> start_all_reduce_sum(torch::Tensor tensor) = 0;
  void all_reduce_sum(torch::Tensor tensor) { start_all_reduce_sum(std::move(tensor))->wait(); }
  // Every rank's `tensor` [n], in rank order, into `gathered` [size() · n].
  virtual std::unique_ptr<Pending> start_all_gather(torch::Tensor tensor, torch::Tensor gathered) = 0;
  virtual void broadcast(torch::Tensor tensor, int root) = 0;
  virtual void barrier() = 0;
  // Every rank's text, in rank order, on every rank.
  virtual std::vector<std::string> all_gather(const std::string& text) = 0;
  // Runs `work` on the main rank first, so that the others find its files; they wait as long as it takes.
  void main_first(const std::function<void()>& work);
};

// LOCAL_RANK of this process (0 where not set), how many ranks this machine has (LOCAL_WORLD_SIZE; WORLD_SIZE where not set), and how many
// there are on all machines (WORLD_SIZE; 1 where not set).
int local_rank();
int local_size();
int world_size();

// Sets how many threads LibTorch computes with on this rank: `threads`, or for 0 this machine's cores divided by its ranks.
void set_threads(std::int64_t threads);

// The device of this rank for `run.device`: "cpu", "cuda" (the GPU with this rank's local number, made current), "auto" (a GPU where there
// is one) or the name under which another kind was registered with LibTorch (PrivateUse1). UsageError where there is no such device.
torch::Device choose_device(const std::string& name);

}  // namespace midillama::parallel
