#include "cli/commands/report.h"

#include "midillama/core/log.h"
#include "midillama/pages/run_page.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trained_with.h"

#include <filesystem>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;
namespace {

// Where the run's dataset is: as the user says, else as its newest checkpoint does.
fs::path data_dir_of(config::Config config, const std::string& run) {
  config.run.dir = run;
  if (const auto checkpoint = runs::newest_checkpoint(config)) runs::adopt(config, *checkpoint);
  return config.data.dir;
}

}  // namespace

void run(const config::Config& config, const ReportCommand& command) {
  const fs::path out = command.out.empty() ? fs::path(command.run) / "report.html" : fs::path(command.out);
  const pages::Page page = pages::page_of_run(
      command.run, {.data_dir = data_dir_of(config, command.run), .examples = static_cast<std::size_t>(command.examples)});
  pages::write_page(page, out);
  log::info("{}: {} sections, {} examples", out.string(), page.sections.size(), page.examples.items.size());
  std::cout << out.string() << "\n";
}

}  // namespace midillama::cli
