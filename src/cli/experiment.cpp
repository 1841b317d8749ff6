#include "cli/commands/experiment.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/core/process.h"
#include "midillama/experiment/execute.h"
#include "midillama/experiment/page.h"
#include "midillama/experiment/report.h"
#include "midillama/experiment/results.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;

void run(const config::Config&, const ExperimentCommand& command) {
  const experiment::Plan plan = experiment::read_plan(command.config_file);
  const WriterLock lock(plan.dir);
  experiment::Problems problems;
  if (!command.table_only) problems = experiment::execute(plan, own_program().string());

  const experiment::Results results = experiment::collect(plan, problems);
  const std::string name = fs::path(command.config_file).stem().string(), markdown = to_markdown(plan, results);
  write_atomically(fs::path(plan.dir) / (name + ".json"), json_text(to_json(plan, results), 2) + "\n");
  write_atomically(fs::path(plan.dir) / (name + ".svg"), draw(plan, results));
  write_atomically(fs::path(plan.dir) / (name + ".md"), markdown);
  pages::write_page(page_of(plan, results, static_cast<std::size_t>(command.examples)), fs::path(plan.dir) / (name + ".html"));
  log::info("{}: {}.md, .json, .svg, .html", plan.dir, name);
  std::cout << markdown;
  if (problems.size() > 0)
    throw Error(fmt::format("{} of the trainings and evaluations failed: the table says which and why", problems.size()));
}

}  // namespace midillama::cli
