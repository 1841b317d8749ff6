// What the decoder hears while it is evaluated: how much of its answers comes from the music shows in what it says without it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::eval {

enum class MusicMode {
  as_it_is,  // "true": the question's own clip
  shuffled,  // the clip of another question, of another piece where there is one
  zero,      // a clip embedding of zeros
  none,      // no musical tokens at all
};

const std::vector<MusicMode>& music_modes();
// "true", "shuffled", "zero" or "none"; UsageError otherwise.
MusicMode music_mode(std::string_view name);
std::string_view name_of(MusicMode mode);
// For people: "music as it is".
std::string_view label_of(MusicMode mode);

// Clip -> the clip whose music it gets: every clip is given away once and none to itself, nor to a clip of its own piece unless one piece
// has more than half of the clips. `clips`: clip -> piece, at least two. The same seed gives the same result.
std::map<std::filesystem::path, std::filesystem::path> derange(const std::map<std::filesystem::path, std::string>& clips,
                                                               std::uint64_t seed);

}  // namespace midillama::eval
