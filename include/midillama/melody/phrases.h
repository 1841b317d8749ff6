// Phrases: the melody of a piece, cut every so many bars.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/midi/score.h"
#include "midillama/pieces/piece_sets.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace midillama::melody {

// Times are in steps, melody.steps_per_quarter to a quarter note.
struct Note {
  std::int64_t bar = 0;       // of the phrase, from 0 on
  std::int64_t position = 0;  // in the bar
  std::int64_t duration = 1;  // at least 1
  std::int64_t pitch = 0;     // 0–127
  auto operator<=>(const Note&) const = default;
};
using Notes = std::vector<Note>;

struct Phrase {
  std::string id = {};  // PIECE#NUMBER
  std::string work = {};
  std::int64_t number = 0;         // in the piece, from 0 on
  midi::TimeSignature meter = {};  // in force where it begins
  Notes notes = {};                // in the order of time
};

// The phrases of a score, without ids:
//
//   1. The melody is the instrument that guess_roles() (music/roles.h) finds; of several that with the most notes.
//   2. Its notes are moved to the nearest step. Of those that then begin together the highest is kept, and each ends where the next begins.
//   3. Bars are those of the score's meters (midi::bar_starts). Phrases are counted from the first bar with a note; or from the next, where
//      that bar is an upbeat: shorter than the next, or silent for its first half.
//   4. A phrase is `phrase_bars` bars and has the notes that begin in them: an upbeat to it is at the end of the phrase before. A last one
//      of fewer bars is left out.
//   5. Phrases of fewer than `min_phrase_notes` notes are left out, but counted: the numbers of phrases that follow each other differ by 1.
std::vector<Phrase> cut_phrases(const midi::Score& score, const config::Melody& config);

// The notes as music again, on the grid of the phrase's meter.
midi::Score to_score(const Phrase& phrase, const config::Melody& config);

// A phrase and the one that follows it, by their places in Phrases::all.
struct Pair {
  std::size_t phrase = 0;
  std::size_t next = 0;
};

struct Phrases {
  std::vector<Phrase> all = {};
  std::vector<Pair> pairs = {};
};

// Of all pieces, in their order, read on all cores. A phrase that is followed by its own notes is no pair (who repeats can be told without
// any music), and of pairs with the same notes a piece has one. Files that cannot be read are left out, which the log says with their
// number. InputError naming `what` the pieces are for where there is no pair.
Phrases read_phrases(std::span<const pieces::Piece> pieces, const config::Melody& config, const std::string& what);

}  // namespace midillama::melody
