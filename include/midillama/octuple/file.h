// MIDI files to notes.
#pragma once

#include "midillama/octuple/octuple.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace midillama::octuple {

// What of a file is meant, in seconds: all of it by default.
struct Part {
  double start = 0;
  std::optional<double> duration;  // without: to the end
};

// The notes of a MIDI file, sorted; none where the part has none. InputError naming the file where it is no MIDI file or has no octuples.
std::vector<Octuple> read_notes(const std::filesystem::path& file, const Part& part = {});

// The same for files that must have notes: InputError where there are none.
std::vector<Octuple> require_notes(const std::filesystem::path& file, const Part& part = {});

}  // namespace midillama::octuple
