// The part of a MIDI file that a command was asked to use.
#pragma once

#include "midillama/core/error.h"
#include "midillama/midi/file.h"

#include <string>

namespace midillama::cli {

// In seconds; a duration of 0 is to the end. InputError where there are no notes in it.
inline midi::Score read_part(const std::string& file, double start, double duration) {
  midi::Part part = {.start = start};
  if (duration > 0) part.duration = duration;
  midi::Score score = midi::part_of(midi::read_midi(file), part);
  if (score.note_count() == 0) throw InputError(file, "", "there are no notes in the part that was asked for");
  return score;
}

}  // namespace midillama::cli
