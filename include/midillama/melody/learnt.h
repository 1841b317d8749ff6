// What a checkpoint of the stage melody remembers of its pieces: works.json, {"works": […]}.
#pragma once

#include "midillama/pieces/piece_sets.h"

#include <filesystem>
#include <vector>

namespace midillama::melody {

inline constexpr const char* kLearntFile = "works.json";

// The works of the pieces that are learnt from and validated with.
void write_learnt(const std::filesystem::path& checkpoint, const pieces::Parts& parts);

// InputError where one of the works that are tested was learnt from.
void require_not_learnt(const std::filesystem::path& checkpoint, const std::vector<pieces::Piece>& tested);

}  // namespace midillama::melody
