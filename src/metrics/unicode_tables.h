// The Unicode properties that the reference implementations rely on, as sorted ranges.
#pragma once

#include <cstdint>
#include <span>

namespace midillama::metrics {

struct CodePointRange {
  std::uint32_t first, last;
};

// Every `stride`-th character from `first` to `last` becomes lower case by adding `delta`.
struct LowerRun {
  std::uint32_t first, last, stride;
  std::int32_t delta;
};

std::span<const CodePointRange> word_ranges();
std::span<const LowerRun> lower_runs();
std::span<const CodePointRange> cased_ranges();
std::span<const CodePointRange> case_ignorable_ranges();

}  // namespace midillama::metrics
