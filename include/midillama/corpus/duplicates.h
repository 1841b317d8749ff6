// The same tune under other titles, the same work in other performances: pieces are compared by their melodies.
#pragma once

#include "midillama/corpus/melody.h"
#include "midillama/corpus/source.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace midillama::corpus {

struct Similarity {
  std::size_t first = 0;  // indices, first < second
  std::size_t second = 0;
  double jaccard = 0;  // shared figures / all figures of both
  double overlap = 0;  // shared figures / figures of the piece that has fewer
};

// Every pair of pieces with an overlap of at least `min_overlap`. Figures of more than 500 pieces are left out of the comparison.
std::vector<Similarity> similar_pairs(const std::vector<std::vector<std::uint64_t>>& figures, double min_overlap);

// Whether two melodies are played from the same notes: of the figures that each has once, many are in both and nearly all of those come in
// the same order. Ornaments, slips and left-out passages break figures, but the others keep their order, which those of different works do
// not.
bool same_order(const Melody& first, const Melody& second);

struct Families {
  std::vector<std::size_t> kept_as;  // for each piece the piece that stands for it: itself where it is kept
  std::vector<std::size_t> family;   // equal for pieces that must stay on one side of a split
};

// Pieces whose Jaccard similarity is `duplicate_similarity` or more are one tune: of each set of them one is kept, which has clips where
// any has, of these the one with the most labels, of equally many the first. Those with an overlap of `related_similarity` or more, or with
// a phrase in common, are one family, directly or through others; so are performances with the melody of another piece in the same order,
// and pieces of one work.
Families find_families(const std::vector<Piece>& pieces, double duplicate_similarity, double related_similarity);

}  // namespace midillama::corpus
