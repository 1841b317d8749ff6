// The grid of a piece: bar, position in the bar, meter and tempo at every sixteenth of a quarter note.
#pragma once

#include "midillama/midi/score.h"
#include "midillama/octuple/octuple.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace midillama::octuple {

struct Place {
  std::uint16_t bar;
  std::uint8_t position;
  std::uint8_t time_signature;
  std::uint8_t tempo;
};

// The nearest position to a tick, the even one of two, computed as the reference does: in doubles, with Python's round().
// `ticks_per_quarter` must be positive.
inline std::int64_t nearest_position(midi::Tick tick, int ticks_per_quarter) {
  return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(tick.value * kPositionsPerQuarter) / ticks_per_quarter));
}

// Positions 0 to length - 1 of the score. `length` is at most kMaxPositions.
std::vector<Place> timeline(const midi::Score& score, std::int64_t length);

}  // namespace midillama::octuple
