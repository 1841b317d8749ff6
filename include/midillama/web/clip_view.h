// A clip as pages show and play it.
#pragma once

#include "midillama/core/file.h"
#include "midillama/midi/score.h"

namespace midillama::web {

// {"duration", "tracks": [{"name", "program", "is_drum"}], "notes": [[start, end, pitch, velocity, track]], "beats": [], "bars": []}: times
// are seconds, notes are sorted by start, beats and bars are where they begin. A file that is timed in frames has neither. HttpError (400)
// where there are too many of them to show.
OrderedJson view_of(const midi::Score& score);

}  // namespace midillama::web
