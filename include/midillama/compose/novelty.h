// Pieces that a model wrote more than once.
#pragma once

#include "midillama/compose/tracks.h"

#include <cstddef>
#include <vector>

namespace midillama::compose {

struct Novelty {
  std::size_t pairs = 0;            // of near-duplicates
  std::size_t repeated = 0;         // pieces with a near-duplicate before them
  std::vector<std::size_t> family;  // for each piece the first that it is joined with, directly or through others: itself where none is
};

// Two pieces are near-duplicates where the notes that they share, by track, pitch and start, are at least `similarity` of all notes that
// either has (Jaccard; in (0, 1]). Exact: no pair is missed (prefix filtering, Chaudhuri, Ganti & Kaushik 2006).
Novelty find_near_duplicates(const std::vector<Tracks>& pieces, double similarity);

}  // namespace midillama::compose
