// The grid of a piece: bar, position in the bar, meter and tempo at every sixteenth of a quarter note.
#pragma once

#include "midillama/midi/score.h"

#include <cstdint>
#include <vector>

namespace midillama::octuple {

struct Place {
  std::uint16_t bar;
  std::uint8_t position;
  std::uint8_t time_signature;
  std::uint8_t tempo;
};

// The nearest position to a tick, the even one of two: Python's round(). `ticks_per_quarter` must be positive.
inline std::int64_t nearest_position(midi::Tick tick, int ticks_per_quarter) {
  constexpr std::int64_t kPositions = 16;
  const std::int64_t scaled = tick.value * kPositions;
  const std::int64_t below = scaled / ticks_per_quarter;
  const std::int64_t twice_rest = 2 * (scaled - below * ticks_per_quarter);
  const bool up = twice_rest > ticks_per_quarter || (twice_rest == ticks_per_quarter && below % 2 != 0);
  return below + (up ? 1 : 0);
}

// Positions 0 … length - 1 of the score. `length` is at most kMaxPositions.
std::vector<Place> timeline(const midi::Score& score, std::int64_t length);

}  // namespace midillama::octuple
