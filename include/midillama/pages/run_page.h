// The page of a run: what was trained and how, what evaluation found, and what each system answered.
#pragma once

#include "midillama/pages/page.h"

#include <cstddef>
#include <filesystem>

namespace midillama::pages {

struct RunPageOptions {
  std::filesystem::path data_dir;  // of the dataset that was asked about
  std::size_t examples = 200;      // of each task at most
};

// Of the run directory `run` with whatever it has; what is missing is told with the command that makes it. InputError where the folder is
// no run.
Page page_of_run(const std::filesystem::path& run, const RunPageOptions& options);

}  // namespace midillama::pages
