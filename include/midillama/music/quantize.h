// Notes moved to a grid, measure by measure.
#pragma once

#include "midillama/midi/score.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace midillama::music {

// Times are in parts of a quarter note, from the first bar line on.
struct GridNote {
  std::int64_t start = 0;
  std::int64_t end = 0;  // > start
  int pitch = 0;
  auto operator<=>(const GridNote&) const = default;
};

struct GridInstrument {
  int program = 0;
  bool is_drum = false;
  std::vector<GridNote> notes;  // by start, end and pitch; no two alike
};

struct Measure {
  std::int64_t start = 0;
  std::int64_t end = 0;                      // > start
  std::optional<midi::TimeSignature> meter;  // nothing: the file does not say
  long tempo = 0;                            // quarter notes a minute at its start
};

struct GridClip {
  int parts = 0;  // of a quarter note
  std::vector<GridInstrument> instruments;
  std::vector<Measure> measures;  // up to the end of the last note, without gaps
  std::int64_t lost_notes = 0;    // that became the same as another of their instrument
};

// Starts and ends of the notes go to the nearest of `parts` parts of a quarter note; a note keeps at least one.
//
// The quarter notes are the file's, or, of a performance, the beats that estimate_beats() hears: four of them are then a measure, from the
// beat at or before the first note on. A performance is a file that is timed in film frames, or one that says nothing of its timing (see
// states_timing()) and two thirds of whose notes begin more than a tenth of a twelfth away from the twelfths of the file's quarter notes: a
// score that somebody exported at 120 in 4/4 is none. Error where bars are too many or too short (midi::bar_starts).
GridClip quantize(const midi::Score& clip, int parts);

}  // namespace midillama::music
