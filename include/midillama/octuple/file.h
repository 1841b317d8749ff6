// MIDI files to notes.
#pragma once

#include "midillama/midi/score.h"
#include "midillama/octuple/octuple.h"

#include <filesystem>
#include <vector>

namespace midillama::octuple {

// The notes of a MIDI file, sorted; none where the part has none. InputError naming the file where it is no MIDI file or has no octuples.
std::vector<Octuple> read_notes(const std::filesystem::path& file, const midi::Part& part = {});

// The same for files that must have notes: InputError where there are none.
std::vector<Octuple> require_notes(const std::filesystem::path& file, const midi::Part& part = {});

}  // namespace midillama::octuple
