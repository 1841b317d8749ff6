// MIDI clips to notes, on all cores.
#pragma once

#include "midillama/data/question.h"
#include "midillama/octuple/octuple.h"

#include <filesystem>
#include <span>
#include <vector>

namespace midillama::data {

// One clip's notes each, in the order of `clips`. Error that lists every clip which cannot be read or has no notes.
std::vector<std::vector<octuple::Octuple>> read_clip_notes(std::span<const std::filesystem::path> clips);

// Error that lists the clips which are not there.
void require_clips(std::span<const std::filesystem::path> clips);

// The clips of the questions, each once, in the order in which they first come.
std::vector<std::filesystem::path> clips_of(std::span<const Question> questions);

}  // namespace midillama::data
