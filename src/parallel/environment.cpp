#include "parallel/environment.h"

#include "midillama/core/error.h"
#include "midillama/parallel/process_group.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace midillama::parallel {
namespace {

constexpr int kMost = std::numeric_limits<int>::max();

const char* required(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    throw UsageError(
        fmt::format("WORLD_SIZE is set, but {} is not: start the ranks with torchrun or another launcher that sets RANK, WORLD_SIZE, "
                    "MASTER_ADDR and MASTER_PORT",
                    name));
  }
  return value;
}

int required_number(const char* name, int least, int most) {
  required(name);
  return environment_number(name, 0, least, most);
}

}  // namespace

int environment_number(const char* name, int fallback, int least, int most) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return fallback;
  const char* end = text + std::strlen(text);
  int value = 0;
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end || value < least || value > most) {
    throw UsageError(
        fmt::format("the environment variable {} is \"{}\": {} is needed", name, text,
                    most == kMost ? fmt::format("a number of at least {}", least) : fmt::format("a number from {} to {}", least, most)));
  }
  return value;
}

Environment Environment::read() {
  Environment environment;
  environment.size = world_size();
  if (environment.size == 1) return environment;
  environment.rank = required_number("RANK", 0, environment.size - 1);
  environment.master_address = required("MASTER_ADDR");
  environment.master_port = static_cast<std::uint16_t>(required_number("MASTER_PORT", 1, 65535));
  const char* agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
  environment.agent_store = agent != nullptr && std::string_view(agent) == "True";
  return environment;
}

std::string Environment::master() const {
  return fmt::format("{}:{}", master_address, master_port);
}

int local_rank() {
  return environment_number("LOCAL_RANK", 0, 0, kMost);
}

int local_size() {
  return environment_number("LOCAL_WORLD_SIZE", world_size(), 1, kMost);
}

int world_size() {
  return environment_number("WORLD_SIZE", 1, 1, kMost);
}

}  // namespace midillama::parallel
