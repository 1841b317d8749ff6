#include "cli/commands/data.h"

#include "midillama/core/error.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/corpus/dataset.h"
#include "midillama/records/question.h"

#include <fmt/format.h>

#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;

void run(const config::Config& config, const DataStatsCommand& command) {
  const OrderedJson statistics = corpus::dataset_statistics(config.data.dir);
  std::cout << (command.json ? json_text(statistics, 2) + "\n" : corpus::statistics_text(statistics));
}

void run(const config::Config& config, const DataCheckCommand&) {
  const std::string directory = config.data.dir;
  const std::vector<std::string> problems = corpus::check_dataset(directory);
  for (const std::string& problem : problems) std::cout << problem << "\n";
  if (!problems.empty()) throw Error(fmt::format("{}: {} problems", directory, problems.size()));
  if (fs::exists(fs::path(directory) / records::kDatasetFile)) {
    for (const std::string& warning : corpus::dataset_warnings(directory)) log::warning("{}", warning);
  }
  std::cout << directory << ": ok\n";
}

}  // namespace midillama::cli
