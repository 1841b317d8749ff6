// What came of a whole set of pieces, counted as the paper counts.
#pragma once

#include "midillama/compose/composer.h"
#include "midillama/compose/novelty.h"
#include "midillama/core/file.h"

#include <string>
#include <vector>

namespace midillama::compose {

// Of two near-duplicates' notes, the share that they have in common at least.
inline constexpr double kNearDuplicate = 0.8;

// {"files": {"asked", "written", "failed"}, "notes": {"all", "a_file"}, "tracks": {NAME: {"notes", "a_file", "fewest", "most"}},
//  "answers": {"all", "valid", "valid_share", "valid_at_once_share"}, "forgiven", "repaired", "problems": {WHAT: how often},
//  "novelty": {"similarity", "pairs", "repeated", "distinct_share"}}
//
// `novelty` is that of the pieces that were written, in their order. An answer is valid where it became a piece; shares are null of
// nothing.
OrderedJson statistics_of(const std::vector<Composed>& pieces, const Novelty& novelty);

// The same as a table for a terminal.
std::string statistics_text(const OrderedJson& statistics);

}  // namespace midillama::compose
