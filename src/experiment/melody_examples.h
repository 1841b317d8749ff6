// Phrases to listen to with the one that follows, and where every system placed that among the others.
#pragma once

#include "midillama/experiment/results.h"
#include "midillama/pages/page.h"

#include <cstddef>

namespace midillama::experiment {

// At most `most` of the groups that the first row with scores was asked (eval/melody/scores.jsonl, <row>/scores.jsonl), spread evenly. A
// phrase that is not there any more is shown without its music. Nothing where no row has scores. InputError naming file and line of a
// scores file that is none.
void add_melody_examples(pages::Examples& examples, const Plan& plan, const Table& table, std::size_t most);

}  // namespace midillama::experiment
