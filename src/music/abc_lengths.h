// How ABC writes one measure of a voice: lengths, tuplets, dotted rhythms.
#pragma once

#include "music/abc_pitch.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace midillama::music {

struct AbcEvent {
  std::int64_t length = 0;   // parts of a quarter note, more than 0
  std::vector<int> pitches;  // rising; none: a rest
  bool is_tied = false;      // it goes on after the bar line

  bool is_rest() const { return pitches.empty(); }
};

// "(3GAB d>e [Gd]2z2" without the spaces: `parts` make a quarter note, `unit` parts of a whole note are L:. Lengths that are no halves,
// quarters, … of the unit are in tuplets with what follows, up to where their sum is one, or the measure ends.
std::string write_events(std::span<const AbcEvent> events, AbcSpeller& speller, int parts, int unit);

}  // namespace midillama::music
