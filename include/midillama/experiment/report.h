// The table of an experiment: table1.md, table1.json, table1.svg.
#pragma once

#include "midillama/core/file.h"
#include "midillama/experiment/results.h"

#include <string>

namespace midillama::experiment {

// The text metrics and the accuracy of the stated facts of each test and task, others' numbers below the system that they are of; what the
// systems' differences are; what each cost.
std::string to_markdown(const Plan& plan, const Results& results);
// Everything, also what the Markdown has no room for: each seed, all differences, the files that were measured.
OrderedJson to_json(const Plan& plan, const Results& results);
// The text metrics of the systems' own rows in every table with a number: a point and its interval, others' numbers hollow.
std::string draw(const Plan& plan, const Results& results);

}  // namespace midillama::experiment
