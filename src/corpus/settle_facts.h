// What is known of each clip, from the labels of its piece and what was measured on it.
#pragma once

#include "corpus/tag_facts.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/piece.h"
#include "midillama/corpus/question_quota.h"

#include <vector>

namespace midillama::corpus {

// Of each clip of each piece: facts of the tags that are asked about. The bounds that the clips decide are drawn into `tag_facts`; values
// that too few pieces have are no facts, and go to `rare`; no fact in free text states another value of an unmistakable tag than the clip
// has.
std::vector<std::vector<Facts>> settle_facts(const config::Corpus& config, const std::vector<Piece>& pieces, TagFacts& tag_facts,
                                             std::vector<RareValue>& rare);

// The same under the clips' names, one after the other; `facts` as settle_facts() gave them.
std::vector<ClipFacts> clip_facts(const std::vector<Piece>& pieces, const std::vector<std::vector<Facts>>& facts);

}  // namespace midillama::corpus
