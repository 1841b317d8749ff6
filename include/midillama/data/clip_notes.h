// MIDI clips to notes, on all cores.
#pragma once

#include "midillama/octuple/octuple.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace midillama::data {

// One clip's notes each, in the order of `clips`. Error that lists every clip which cannot be read or has no notes.
std::vector<std::vector<octuple::Octuple>> read_clip_notes(std::span<const std::filesystem::path> clips);

// Calls `work` with each clip's index, on all cores. Error that lists every clip for which it threw one.
void for_each_clip(std::span<const std::filesystem::path> clips, const std::function<void(std::size_t)>& work);

// Error that lists the clips which are not there.
void require_clips(std::span<const std::filesystem::path> clips);

}  // namespace midillama::data
