#include "midillama/core/error.h"
#include "torch_commands.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace midillama::cli {

const TorchCommands& torch_commands() {
  static const TorchCommands* const commands = [] {
    void* library = ::dlopen("libmidillama_torch.so", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      throw Error(fmt::format("this command needs LibTorch, and its part of midillama cannot be loaded: {}", ::dlerror()));
    const auto get = reinterpret_cast<const TorchCommands* (*)()>(::dlsym(library, "midillama_torch_commands"));
    if (get == nullptr) throw Error("libmidillama_torch.so is not of this version of midillama: build or install both together");
    return get();
  }();
  return *commands;
}

}  // namespace midillama::cli
