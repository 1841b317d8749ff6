// The table of an experiment as a page, with what every system answered beside each other.
#pragma once

#include "midillama/experiment/results.h"
#include "midillama/pages/page.h"

#include <cstddef>

namespace midillama::experiment {

// At most `most` examples of each test and task.
pages::Page page_of(const Plan& plan, const Results& results, std::size_t most);

}  // namespace midillama::experiment
