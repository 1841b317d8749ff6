// The same step again and again with one launch each: a CUDA graph.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

namespace midillama::generate {

class CudaGraph {
 public:
  using Step = std::function<torch::Tensor()>;

  // `step` works on tensors that stay where they are and keep their shapes, and never asks the device for a value: its launches are the
  // same each time. On another device than a GPU it is simply called.
  CudaGraph(Step step, torch::Device device);
  ~CudaGraph();

  // Runs the step once → its result, which the next run overwrites. The first run warms up what the device makes on first use (handles,
  // workspaces); the second captures the step. Error where a GPU cannot capture it.
  torch::Tensor run();

 private:
  struct Captured;

  torch::Tensor warm_up();
  std::unique_ptr<Captured> capture();

  Step step_;
  torch::Device device_;
  bool is_warm_ = false;
  std::unique_ptr<Captured> captured_;
};

}  // namespace midillama::generate
