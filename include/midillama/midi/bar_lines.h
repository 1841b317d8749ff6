// Where bars start, written into a score as meters.
#pragma once

#include "midillama/midi/score.h"

#include <span>

namespace midillama::midi {

// The score with meters under which bar_starts() has every one of `bar_lines` (sorted), to the nearest 64th note. Between two of them bars
// are as long as the score's meter says, but for a last one that is short where they do not fit; before the first it is the first that is
// short: an upbeat. A short bar has a meter of its own, 1/8 for an upbeat of an eighth note, as notation programs write them. As it is
// where there are no bar lines. Error where a meter has beats of less than a 64th note.
Score with_bar_lines(Score score, std::span<const Tick> bar_lines);

}  // namespace midillama::midi
