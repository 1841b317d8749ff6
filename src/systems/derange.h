// Every clip's music given to another one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace midillama::systems {

// Clip -> the clip whose music it gets: every clip is given away once and none to itself, nor to a clip of its own piece unless one piece
// has more than half of the clips. `clips`: clip -> piece, at least two. The same seed gives the same result.
std::map<std::filesystem::path, std::filesystem::path> derange(const std::map<std::filesystem::path, std::string>& clips,
                                                               std::uint64_t seed);

}  // namespace midillama::systems
