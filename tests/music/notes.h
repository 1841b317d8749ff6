// Scores for tests, a note a line.
#pragma once

#include "midillama/midi/score.h"

#include <cstdint>
#include <vector>

namespace midillama::music {

struct TestNote {
  std::int64_t start;
  std::int64_t end;
  int pitch;
};

inline midi::Score score_of(const std::vector<TestNote>& notes, int ticks_per_quarter = 480) {
  midi::Score score;
  score.ticks_per_quarter = ticks_per_quarter;
  midi::Instrument instrument;
  for (const auto& note : notes) {
    instrument.notes.push_back({midi::Tick{note.start}, midi::Tick{note.end}, static_cast<std::uint8_t>(note.pitch), 80});
  }
  score.instruments.push_back(instrument);
  return score;
}

}  // namespace midillama::music
