// What of tempos and meters is in force at a time.
#pragma once

#include "midillama/midi/score.h"

#include <algorithm>
#include <vector>

namespace midillama::music {

// The last change at or before `time`, the default before the first.
template <typename Change>
Change in_force(const std::vector<Change>& changes, midi::Tick time) {
  const auto after = std::ranges::upper_bound(changes, time, {}, &Change::time);
  return after == changes.begin() ? Change{} : *std::prev(after);
}

}  // namespace midillama::music
