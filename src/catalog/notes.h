// What a file plays, whatever else it says.
#pragma once

#include "midillama/midi/score.h"

#include <string>

namespace midillama::catalog {

// Equal for files with the same notes: pitches in the same order and rhythm. Tempo, resolution, where the music begins, note lengths,
// velocities, instruments and names do not count; drums are told from other notes.
std::string notes_fingerprint(const midi::Score& score);

}  // namespace midillama::catalog
