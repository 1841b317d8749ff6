// Ranks joined by c10d: a TCPStore for rendezvous and texts, Gloo or NCCL for tensors.
#pragma once

#include "midillama/parallel/process_group.h"
#include "parallel/bounded_store.h"
#include "parallel/environment.h"
#include "parallel/heartbeat.h"
#include "parallel/start.h"

#include <torch/csrc/distributed/c10d/Backend.hpp>

#include <functional>
#include <memory>

namespace midillama::parallel {

class C10dGroup final : public ProcessGroup {
 public:
  C10dGroup(const Environment& environment, torch::Device device, std::chrono::seconds timeout);
  // Tells the other ranks that this one ends, and whether an error ends it. The rank that keeps the store waits a moment for the others to
  // leave first.
  ~C10dGroup() override;

  int rank() const override { return environment_.rank; }
  int size() const override { return environment_.size; }
  std::unique_ptr<Pending> start_all_reduce_sum(torch::Tensor tensor) override;
  std::unique_ptr<Pending> start_all_gather(torch::Tensor tensor, torch::Tensor gathered) override;
  void broadcast(torch::Tensor tensor, int root) override;
  void barrier() override { all_gather(""); }
  std::vector<std::string> all_gather(const std::string& text) override;

 private:
  class Operation;

  // The keys "<stage>/<rank>" of all ranks, of this start.
  std::vector<std::string> keys(const std::string& stage) const;
  void meet();
  void connect_backend(torch::Device device, std::chrono::milliseconds timeout);
  void leave(bool after_error);
  void try_to_leave(bool after_error);
  std::unique_ptr<Pending> start(const char* what, const std::function<c10::intrusive_ptr<c10d::Work>()>& operation);
  // Calls `work` and turns what c10d, Gloo and the store throw into an Error that names the rank at fault.
  void guarded(const char* what, const std::function<void()>& work);
  // Returns once done() is true, for collective number `collective`. With `patient`, a living rank may take as long as it likes.
  void wait_until(const char* what, std::uint64_t collective, bool patient, const std::function<bool()>& done);
  // After a failed operation: waits until it is known which rank is the cause, and fails with its name.
  [[noreturn]] void blame(const char* what, const std::string& reason);
  [[noreturn]] void fail(const std::string& message);
  // Leaves the reason why this rank ends for the others; the first reason stays.
  void report(const std::string& message);

  Environment environment_;
  std::chrono::milliseconds timeout_;
  int exceptions_at_start_;
  BoundedStore store_;
  Start start_;
  std::unique_ptr<Heartbeat> heartbeat_;
  c10::intrusive_ptr<c10d::Backend> backend_;
  std::uint64_t collectives_ = 0;
};

}  // namespace midillama::parallel
