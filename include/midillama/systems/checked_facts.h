// The facts that the answer to a question states.
#pragma once

#include "midillama/data/question.h"

#include <map>
#include <string>

namespace midillama::systems {

// The one asked about, or for a caption those that the true caption states, tag -> value. Only tags that corpus::stated_fact() can read.
std::map<std::string, std::string> checked_facts(const data::Question& question);

}  // namespace midillama::systems
