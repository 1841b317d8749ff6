// The commands that need LibTorch, by name: all that the executable asks of this library.
#include "cli/commands.h"
#include "cli/torch/plain_errors.h"
#include "cli/torch_library.h"
#include "midillama/kernels/target.h"

#include <concepts>
#include <string_view>

namespace midillama::cli {
namespace {

template <typename C>
void call(const config::Config& config, const void* options) {
  plainly([&] { run(config, *static_cast<const C*>(options)); });
}

}  // namespace

extern "C" TorchFunction midillama_torch_function(const char* name) {
  kernels::use_environments_target();
  TorchFunction found = nullptr;
  Commands::for_each([&]<typename C>(std::type_identity<C>) {
    if constexpr (std::derived_from<C, TorchCommand>) {
      if (std::string_view(name) == C::kName) found = call<C>;
    }
  });
  return found;
}

}  // namespace midillama::cli
