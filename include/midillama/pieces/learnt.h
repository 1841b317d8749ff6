// The pieces that a checkpoint has learnt from: what it is compared with learns from the same ones, and it is tested on none of them.
#pragma once

#include "midillama/core/file.h"
#include "midillama/pieces/piece_sets.h"

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::pieces {

// {"train": […], "valid": […], "fingerprint": "…"}: the pieces' ids, and of what they are, with their values of `label`.
OrderedJson learnt_of(const Parts& parts, const std::string& label);

// The parts that `learnt`, which `file` holds, was trained with, found again among `learnable`, and of `test` to be tested. InputError
// where a piece is not there any more or has another file, work or value of `label`; where a tested one is of a work that was learnt from,
// or has the bytes of a file that was.
Parts as_learnt(const std::filesystem::path& file, const Json& learnt, const std::vector<Piece>& learnable, std::vector<Piece> test,
                const std::string& label);

}  // namespace midillama::pieces
