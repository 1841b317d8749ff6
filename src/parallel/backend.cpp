#include "parallel/backend.h"

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "midillama/core/error.h"
#include "midillama/parallel/process_group.h"

#include <cstdlib>
#include <sstream>

namespace midillama::parallel {
namespace {

using BackendPointer = c10::intrusive_ptr<c10d::Backend>;
using StorePointer = c10::intrusive_ptr<c10d::Store>;

#ifdef USE_C10D_GLOO
// The interfaces of GLOO_SOCKET_IFNAME; the loopback where all ranks are on this machine (its name need not resolve); else the one of the
// host's name.
BackendPointer make_gloo(const StorePointer& store, int rank, int size, std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  if (const char* names = std::getenv("GLOO_SOCKET_IFNAME"); names != nullptr && *names != '\0') {
    std::istringstream stream(names);
    for (std::string name; std::getline(stream, name, ',');)
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(name));
  } else if (local_size() == size) {
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
  } else {
    options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
  }
  options->threads = static_cast<int>(options->devices.size()) * 2;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
}
#else
BackendPointer make_gloo(const StorePointer&, int, int, std::chrono::milliseconds) {
  throw Error("this build has no Gloo, so it cannot train on several CPU ranks: install libgloo-dev and build again");
}
#endif

#ifdef USE_C10D_NCCL
BackendPointer make_nccl(const StorePointer& store, int rank, int size, std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}
#else
BackendPointer make_nccl(const StorePointer&, int, int, std::chrono::milliseconds) {
  throw Error("this build has no NCCL, so it cannot train on several GPUs: build with a LibTorch that has CUDA");
}
#endif

}  // namespace

BackendPointer make_backend(const StorePointer& store, int rank, int size, torch::Device device, std::chrono::milliseconds timeout) {
  return device.is_cuda() ? make_nccl(store, rank, size, timeout) : make_gloo(store, rank, size, timeout);
}

}  // namespace midillama::parallel
