// Bar-level masking (MusicBERT, section 3.2): a field of all notes that one instrument plays in one bar is hidden together, so that it
// cannot be copied from a neighbour.
#pragma once

#include "midillama/core/random.h"
#include "midillama/octuple/octuple.h"

#include <cstdint>
#include <span>
#include <vector>

namespace midillama::train {

struct MaskedNotes {
  std::vector<std::int64_t> input_ids;  // [8 * (notes + 2)], `<s>` and `</s>` as they are
  std::vector<std::int64_t> labels;     // same length: the true id where it is to be found, else -100
};

// Each field of each (bar, instrument) is chosen with `probability`; of the chosen, 80 % become <mask>, 10 % random ids (each note its own,
// of any field), and 10 % stay. All bars are moved by one random number such that they lie in [0, 256).
MaskedNotes mask_bars(std::span<const octuple::Octuple> window, double probability, Random& random);

}  // namespace midillama::train
