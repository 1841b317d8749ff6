// Music to begin with, for those who have no file at hand.
#pragma once

#include "midillama/serve/clip_store.h"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace midillama::serve {

// At most `most` clips of the dataset's test split, from all over it, each named by its piece. None where there is no such split; a file
// that cannot be read is passed over, which the log says.
std::vector<Clip> example_clips(const std::filesystem::path& data_dir, std::size_t most);

}  // namespace midillama::serve
