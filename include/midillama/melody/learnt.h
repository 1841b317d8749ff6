// What a checkpoint of the stage melody remembers of its pieces: pieces.json, as pieces::learnt_of() has it.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/pieces/piece_sets.h"

#include <filesystem>

namespace midillama::melody {

inline constexpr const char* kLearntFile = "pieces.json";

void write_learnt(const std::filesystem::path& checkpoint, const pieces::Parts& parts);

// The pieces that the checkpoint has learnt from, with those of melody.pieces that are tested now. What pieces::as_learnt() throws.
pieces::Parts read_learnt_parts(const config::Config& config, const std::filesystem::path& checkpoint);

}  // namespace midillama::melody
