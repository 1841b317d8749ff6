// The works that a checkpoint has learnt from, which it is not tested on: "works" in a JSON file of its stage's own.
#pragma once

#include "midillama/core/file.h"
#include "midillama/pieces/piece_sets.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace midillama::pieces {

// Of the pieces that are learnt from and validated with.
std::set<std::string> learnt_works(const Parts& parts);

// InputError where a tested piece is of one of the "works" of `learnt`, which `file` holds.
void require_not_learnt(const std::filesystem::path& file, const Json& learnt, const std::vector<Piece>& tested);

}  // namespace midillama::pieces
