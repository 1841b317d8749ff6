// A clip's notes bar by bar, as the lists of notes write them.
#pragma once

#include "midillama/midi/score.h"

#include <string>
#include <vector>

namespace midillama::music {

// Notes of one instrument that start in a bar.
struct BarPart {
  std::string name;  // "program 40", "drums"; empty: the clip's only instrument
  bool is_drum = false;
  std::vector<midi::Note> notes;  // by start and pitch; times from the bar line on
};

struct ListedBar {
  midi::TimeSignature meter;  // in force at its start
  long tempo = 0;             // quarter notes a minute, too
  std::vector<BarPart> parts;
};

// All bars up to the end of the last note. Error as midi::bar_starts.
std::vector<ListedBar> listed_bars(const midi::Score& clip);

// In quarter notes, to the hundredth: "0.5", "1", "0.33".
std::string quarters(midi::Tick ticks, int ticks_per_quarter);

}  // namespace midillama::music
