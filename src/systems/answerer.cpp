#include "midillama/systems/answerer.h"

#include "midillama/core/error.h"
#include "systems/kinds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::systems {
namespace {

constexpr Kind kKinds[] = {
    {"true", true, make_true_music}, {"shuffled", true, make_shuffled_music}, {"zero", true, make_zero_music},
    {"none", true, make_no_music},   {"zero-shot", false, make_zero_shot},    {"most-frequent", true, make_most_frequent},
};

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

const Kind& kind_from_name(std::string_view name) {
  const auto* row = std::ranges::find(kKinds, name, &Kind::name);
  if (row != std::end(kKinds)) return *row;
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  throw UsageError(fmt::format("nothing that answers is called \"{}\": there are {}", name, fmt::join(names, ", ")));
}

std::vector<std::string> comparison_names() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) {
    if (kind.is_comparison) names.emplace_back(kind.name);
  }
  return names;
}

}  // namespace midillama::systems
