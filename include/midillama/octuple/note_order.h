// Which note of a score an octuple is made of.
#pragma once

#include "midillama/midi/score.h"

#include <compare>
#include <cstddef>
#include <vector>

namespace midillama::octuple {

// Where a note is in a score.
struct NoteIndex {
  std::size_t instrument = 0;
  std::size_t note = 0;  // of the instrument's
  auto operator<=>(const NoteIndex&) const = default;
};

// Octuple i of encode(score) is made of the note note_order(score)[i]; of notes that make the same octuple the earlier in the score comes
// first. The same errors.
std::vector<NoteIndex> note_order(const midi::Score& score);

}  // namespace midillama::octuple
