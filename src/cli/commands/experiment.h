#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"

#include <cstdint>
#include <string>

namespace midillama::cli {

struct ExperimentCommand : Command {
  static constexpr const char* kName = "experiment";
  static constexpr const char* kDescription = "Train what is missing of several systems, have all answer the same questions, one table";
  static constexpr const char* kExample = "midillama experiment --config configs/folk/table1.yaml";

  void declare(CLI::App& app) {
    app.add_flag("--table-only", table_only, "Make the table anew from the answers that are there");
    app.add_option("--examples", examples, "Of each task on the page, at most")
        ->check(non_negative_number())
        ->capture_default_str()
        ->type_name("N");
    app.remove_option(app.get_option("--set"));  // the systems have overrides of their own, in the file
    app.get_option("--config")->description("What is compared: see docs/experiments.md")->required();
  }

  // --config is the experiment's file, which names the configuration.
  config::Config load() const { return {}; }

  bool table_only = false;
  std::int64_t examples = 200;
};

void run(const config::Config& config, const ExperimentCommand& command);

}  // namespace midillama::cli
