// The facts that the answer to a question states.
#pragma once

#include "midillama/records/question.h"
#include "midillama/records/tags.h"

namespace midillama::systems {

// The facts that are checked in a question's answer: those asked about, or for a caption those that the true caption states,
// tag -> value. Tags of free text are never checked: the text metrics measure them.
records::Facts checked_facts(const records::Tags& tags, const records::Question& question);

}  // namespace midillama::systems
