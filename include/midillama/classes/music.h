// The pieces' MIDI files.
#pragma once

#include "midillama/midi/score.h"
#include "midillama/pieces/piece_sets.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace midillama::classes {

// Calls `use` with each piece's number and what its file holds, on all cores at once. Error that lists the files which cannot be read or
// have no notes.
void for_each_music(const std::vector<pieces::Piece>& pieces, const std::function<void(std::size_t piece, const midi::Score& music)>& use);

}  // namespace midillama::classes
