#include "generate/cuda_graph.h"

#ifdef USE_C10D_NCCL  // there are CUDA headers
#include <ATen/cuda/CUDAGraph.h>
#endif

#include "midillama/core/error.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <fmt/format.h>

namespace midillama::generate {

#ifdef USE_C10D_NCCL

struct CudaGraph::Captured {
  at::cuda::CUDAGraph graph;
  torch::Tensor result;  // lies in the graph's own memory
};

namespace {

// Nothing can be captured on the default stream. One for all graphs (a process has one GPU), because cuBLAS keeps a workspace for every
// stream that it has seen.
c10::Stream side_stream(torch::Device device) {
  static const c10::Stream stream = c10::impl::VirtualGuardImpl(torch::kCUDA).getStreamFromGlobalPool(device);
  return stream;
}

}  // namespace

torch::Tensor CudaGraph::warm_up() {
  const c10::Stream side = side_stream(device_);
  c10::impl::VirtualGuardImpl(torch::kCUDA).getStream(device_).synchronize();
  torch::Tensor result;
  {
    const c10::StreamGuard guard(side);
    result = step_();
  }
  side.synchronize();
  return result;
}

std::unique_ptr<CudaGraph::Captured> CudaGraph::capture() {
  const c10::StreamGuard guard(side_stream(device_));
  auto captured = std::make_unique<Captured>();
  try {
    captured->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);  // NCCL's threads may go on meanwhile
    captured->result = step_();
    captured->graph.capture_end();
  } catch (const c10::Error& error) {
    throw Error(fmt::format("a decoding step cannot be captured as a CUDA graph, set generate.cuda_graph to false ({})",
                            error.what_without_backtrace()));
  }
  return captured;
}

torch::Tensor CudaGraph::run() {
  if (!device_.is_cuda()) return step_();
  if (!std::exchange(is_warm_, true)) return warm_up();
  if (!captured_) captured_ = capture();
  captured_->graph.replay();
  return captured_->result;
}

#else

struct CudaGraph::Captured {};

torch::Tensor CudaGraph::run() {
  return step_();
}

#endif

CudaGraph::CudaGraph(Step step, torch::Device device) : step_(std::move(step)), device_(device) {}
CudaGraph::~CudaGraph() = default;

}  // namespace midillama::generate
