// Fingerprints of what a build writes beside the splits: the clips' files, and facts.jsonl.
#pragma once

#include "midillama/core/file.h"

#include <filesystem>

namespace midillama::corpus {

// By name: `clips` for all MIDI files in DIRECTORY/clips with their names; what is not there is null.
OrderedJson written_files(const std::filesystem::path& directory);

}  // namespace midillama::corpus
