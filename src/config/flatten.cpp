#include "midillama/config/flatten.h"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace midillama::config {
namespace {

std::string join(const std::string& prefix, const char* name) {
  return prefix.empty() ? name : prefix + "." + name;
}

struct Write {
  Json& out;
  std::string prefix;

  template <typename T>
  void operator()(const char* name, const T& value) const {
    const std::string key = join(prefix, name);
    if constexpr (std::is_constructible_v<Json, const T&>) {
      out[key] = value;
    } else if constexpr (requires(Write write) { T::visit(value, write); }) {
      T::visit(value, Write{out, key});
    }
  }
};

struct Assign {
  const Json& values;
  const std::string& origin;
  std::string prefix;

  template <typename T>
  void operator()(const char* name, T& value) const {
    const std::string key = join(prefix, name);
    if constexpr (std::is_constructible_v<Json, const T&>) {
      if (values.contains(key)) value = json_get<T>(values, key, origin, "");
    } else if constexpr (requires(Assign assign) { T::visit(value, assign); }) {
      T::visit(value, Assign{values, origin, key});
    }
  }
};

}  // namespace

Json flatten(const Config& config) {
  Json out = Json::object();
  Config::visit(config, Write{out, ""});
  return out;
}

Json shared_settings(const Config& config) {
  constexpr const char* kOfTheMachine[] = {"run.dir",  "run.device",      "run.threads",     "run.timeout",
                                           "data.dir", "corpus.metadata", "corpus.tag_file", "retrieval.endpoint"};
  Json shared = Json::object();
  const Json all = flatten(config);
  for (const auto& [key, value] : all.items()) {
    const bool is_of_the_machine = key.ends_with(".path") || std::ranges::find(kOfTheMachine, key) != std::end(kOfTheMachine);
    if (!is_of_the_machine) shared[key] = value;
  }
  return shared;
}

void assign(Config& config, const Json& values, const std::string& origin) {
  Config::visit(config, Assign{values, origin, ""});
}

}  // namespace midillama::config
