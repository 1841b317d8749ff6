// MIDI clips to notes, on all cores.
#pragma once

#include "midillama/octuple/octuple.h"

#include <filesystem>
#include <span>
#include <vector>

namespace midillama::data {

// One clip's notes each, in the order of `clips`. Error that lists every clip which cannot be read or has no notes.
std::vector<std::vector<octuple::Octuple>> read_clip_notes(std::span<const std::filesystem::path> clips);

// Error that lists the clips which are not there.
void require_clips(std::span<const std::filesystem::path> clips);

}  // namespace midillama::data
