#include "serve/new_id.h"

#include <fmt/format.h>

#include <random>

namespace midillama::serve {

std::string new_id(std::string_view prefix) {
  std::random_device device;
  return fmt::format("{}-{:08x}{:08x}{:08x}{:08x}", prefix, device(), device(), device(), device());
}

}  // namespace midillama::serve
