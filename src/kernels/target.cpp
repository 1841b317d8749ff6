#include "midillama/kernels/target.h"

#include "midillama/core/ascii.h"
#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>

namespace midillama::kernels {
namespace {

std::string name_of(std::int64_t target) {
  switch (target) {
    case HWY_AVX3:
      return "avx512";
    case HWY_EMU128:
    case HWY_SCALAR:
      return "scalar";
    default:
      return lower_ascii(hwy::TargetName(target));
  }
}

// Of a set of targets: a better one is a lower bit.
std::vector<std::int64_t> best_first(std::int64_t set) {
  std::vector<std::int64_t> targets;
  for (; set != 0; set &= set - 1) targets.push_back(set & -set);
  return targets;
}

std::vector<std::string> names_of(std::int64_t set) {
  std::vector<std::string> names;
  for (const std::int64_t target : best_first(set)) names.push_back(name_of(target));
  return names;
}

// Asked before the first restriction, which the library's answer takes in.
std::int64_t processors_targets() {
  static const std::int64_t targets = hwy::SupportedTargets() & (HWY_TARGETS);
  return targets;
}

}  // namespace

std::vector<std::string> targets() {
  return names_of(processors_targets());
}

std::string target() {
  const std::int64_t allowed = processors_targets() & hwy::SupportedTargets();
  return name_of(allowed & -allowed);
}

void use_target(std::string_view name) {
  for (const std::int64_t target : best_first(processors_targets())) {
    if (name_of(target) != name) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    return;
  }
  const auto compiled = names_of(HWY_TARGETS);
  const std::string_view why = std::ranges::find(compiled, name) == compiled.end() ? "there is no such target" : "this processor lacks it";
  throw UsageError(fmt::format("MIDILLAMA_TARGET: {}: {}; one of {} is possible here", name, why, fmt::join(targets(), ", ")));
}

void use_environments_target() {
  if (const char* name = std::getenv("MIDILLAMA_TARGET"); name != nullptr && *name != '\0') use_target(name);
}

}  // namespace midillama::kernels
