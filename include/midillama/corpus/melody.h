// What is left of a piece's melody when it is played in another key, tempo or way: what pieces are compared by.
#pragma once

#include "midillama/midi/score.h"

#include <cstdint>
#include <vector>

namespace midillama::corpus {

// The highest note of each onset, drums left out, repeated pitches taken once. Notes of a score begin together or not; in a performance
// chords are spread and hands apart, so there the notes of one onset are those that follow one another within some hundredths of a second.
struct Melody {
  using Steps = std::vector<std::uint8_t>;  // between successive notes, octaves folded: 0 to 11 semitones up

  Steps steps;
  bool performed = false;    // its notes do not begin on a grid of the beat
  std::vector<Steps> parts;  // of several instruments each one's own: what is the melody in one arrangement may lie below another part
};

Melody melody_of(const midi::Score& score);

// The runs of 6 steps, in the order of the melody. Transposing or repeating a piece, or writing it in other note values, leaves them as
// they are; an ornament changes the few runs that hold it.
std::vector<std::uint64_t> figures_in_order(const Melody& melody);

// The same sorted, each once.
std::vector<std::uint64_t> melodic_figures(const Melody& melody);
std::vector<std::uint64_t> melodic_figures(const midi::Score& score);

// Runs of 16 steps, about two bars of a dance tune, of the melody and of the parts; sorted, each once. Runs of fewer than 4 different steps
// are left out, and of the parts those of a figure that repeats: scales, trills and broken chords tell nothing. A performance on one
// instrument has none: its melody is the top of all that two hands play, where a run or a broken chord is as long and stands in many works.
std::vector<std::uint64_t> melodic_phrases(const Melody& melody);
std::vector<std::uint64_t> melodic_phrases(const midi::Score& score);

}  // namespace midillama::corpus
