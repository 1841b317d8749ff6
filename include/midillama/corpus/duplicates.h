// The same tune under other titles: pieces are compared by their melodies, transposition and repeats aside.
#pragma once

#include "midillama/corpus/source.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace midillama::corpus {

// A melody is the highest note at each onset, drums left out, repeated pitches taken once. Its figures are the runs of 6 steps between
// successive notes, octaves folded; sorted, each once. Transposing or repeating a piece, or writing it in other note values, leaves
// them as they are; an ornament changes the few runs that hold it.
std::vector<std::uint64_t> melodic_figures(const midi::Score& score);

// The same for runs of 16 steps, about two bars of a dance tune. Runs of fewer than 4 different steps are left out: scales, trills
// and broken chords tell nothing.
std::vector<std::uint64_t> melodic_phrases(const midi::Score& score);

struct Similarity {
  std::size_t first = 0;  // indices, first < second
  std::size_t second = 0;
  double jaccard = 0;  // shared figures / all figures of both
  double overlap = 0;  // shared figures / figures of the piece that has fewer
};

// Every pair of pieces with an overlap of at least `min_overlap`. Figures of more than 500 pieces are left out of the comparison.
std::vector<Similarity> similar_pairs(const std::vector<std::vector<std::uint64_t>>& figures, double min_overlap);

struct Families {
  std::vector<std::size_t> kept_as;  // for each piece the piece that stands for it: itself where it is kept
  std::vector<std::size_t> family;   // equal for pieces that must stay on one side of a split
};

// Pieces whose Jaccard similarity is `duplicate_similarity` or more are one tune: of each set of them the one with the most labels is kept,
// of equally many the first. Those with an overlap of `related_similarity` or more, or with a phrase in common, are one family, directly or
// through others.
Families find_families(const std::vector<Piece>& pieces, double duplicate_similarity, double related_similarity);

}  // namespace midillama::corpus
