// The answers of one who never listens: for each type of question, what the training split says most often.
#pragma once

#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <map>
#include <span>
#include <string>

namespace midillama::systems {

// Tag -> answer, over the training questions of `task`. The answer is the most frequent wording of the most frequent truth: of a tag's
// value for qa, of the whole set of facts for a caption. Equally frequent ones: the first in alphabetical order.
std::map<std::string, std::string> most_frequent_answers(const records::Tags& tags, std::span<const records::Question> training,
                                                         const std::string& task);

}  // namespace midillama::systems
