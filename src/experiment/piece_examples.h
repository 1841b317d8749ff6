// Pieces to look at and listen to, with what every system told of each.
#pragma once

#include "midillama/experiment/results.h"
#include "midillama/pages/page.h"

#include <cstddef>

namespace midillama::experiment {

// At most `most` of the pieces that the first row with predictions was tested on (eval/<task>/predictions.jsonl, <row>/predictions.jsonl),
// spread evenly, with the classes that each row's answer is by classes::answer(). A piece whose file cannot be read or heard (any more) is
// shown without its music. Nothing where no row has predictions. InputError naming file and line of a predictions file that is none.
void add_piece_examples(pages::Examples& examples, const Plan& plan, const Table& table, std::size_t most);

}  // namespace midillama::experiment
