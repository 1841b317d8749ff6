#include "cli/torch_library.h"

#include "midillama/core/error.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace midillama::cli {
namespace {

// OpenMP's threads wait for each other by spinning, which another program on the same cores turns into waiting for a thread that does not
// run; to sleep at once costs a wake-up at each of the many short loops of a small model. So they spin for some microseconds and then
// sleep: beside the threads of our own that share a decoder's work they would only be in the way (bench/compare_load.py). The library that
// loads OpenMP reads the environment then, so this must come before; what the user has set stays. Threads are bound to no core: several
// ranks share a machine.
void let_waiting_threads_sleep_soon() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/0);
}

// Blocks of 2 MiB and more lie on huge pages: glibc gives large ones back to the system at once, and a network over long pictures took a
// third of its time to have every page of them given anew.
void let_large_blocks_use_huge_pages() {
  ::setenv("THP_MEM_ALLOC_ENABLE", "1", /*overwrite=*/0);
}

// What LibTorch's sockets have to say comes with frames of C++; what it means, the program says itself.
void let_libtorch_name_errors_only() {
  ::setenv("TORCH_CPP_LOG_LEVEL", "ERROR", /*overwrite=*/0);
}

}  // namespace

void require_working_folder() {
  std::error_code error;
  const auto folder = std::filesystem::current_path(error);
  if (folder.empty())
    throw Error(fmt::format("the working folder cannot be used ({}): was it removed? call the command in another", error.message()));
}

TorchFunction torch_function(const char* name) {
  using Lookup = TorchFunction (*)(const char* name);
  static const Lookup lookup = [] {
    let_waiting_threads_sleep_soon();
    let_large_blocks_use_huge_pages();
    let_libtorch_name_errors_only();
    void* library = ::dlopen("libmidillama_torch.so", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      throw Error(fmt::format("this command needs LibTorch, and its part of midillama cannot be loaded: {}", ::dlerror()));
    return reinterpret_cast<Lookup>(::dlsym(library, "midillama_torch_function"));
  }();
  const TorchFunction function = lookup == nullptr ? nullptr : lookup(name);
  if (function == nullptr) throw Error("libmidillama_torch.so is not of this version of midillama: build or install both together");
  return function;
}

}  // namespace midillama::cli
