// A piece as some hundred plain numbers: what a linear model hears of it.
#pragma once

#include "midillama/midi/score.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::classes {

struct Statistic {
  std::string name;  // "pitch class 0", "duration 1/2"
  double value = 0;
};

// Of the notes that begin within `quarters` quarter notes from the first one on: the same names for every score, 0 where there is nothing
// to count. Shares are of all counted things of their kind:
//
//   of notes with a pitch   pitch classes, steps between notes that follow each other in an instrument (semitones, up and down alike, 12
//   and
//                           more), lowest, highest and mean pitch and its deviation, families of General MIDI programs
//   of all notes            lengths, times between onsets (to the nearest of usual note values by their ratio), places of onsets in a
//                           quarter note (twelfths), notes a quarter, notes that sound together, mean velocity and its deviation
//   onsets                  how far a rhythm repeats after 1/2 to 8 quarter notes: the autocorrelation of notes' lengths at their onsets,
//                           which tells a meter without being told it
//   of instruments          their number, drums' share of the notes
std::vector<Statistic> note_statistics(const midi::Score& score, std::int64_t quarters);

}  // namespace midillama::classes
