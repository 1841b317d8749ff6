#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct DataBuildCommand : Command {
  static constexpr const char* kName = "data build";
  static constexpr const char* kDescription = "Make the dataset of the configuration's `corpus` section at data.dir";
  static constexpr const char* kExample = "midillama data build --set corpus.clips_per_piece=1 --set data.dir=data/short";

  void declare(CLI::App& app) { app.add_flag("--overwrite", overwrite, "Build it again where it is there already"); }

  bool overwrite = false;
};

struct DataStatsCommand : Command {
  static constexpr const char* kName = "data stats";
  static constexpr const char* kDescription = "Counts of pieces, clips, questions and of each fact";
  static constexpr const char* kExample = "midillama data stats --json";

  void declare(CLI::App& app) { app.add_flag("--json", json, "Print dataset.json"); }

  bool json = false;
};

struct DataCheckCommand : Command {
  static constexpr const char* kName = "data check";
  static constexpr const char* kDescription = "Check every line, clip, split and count of a dataset";
  static constexpr const char* kExample = "midillama data check";

  void declare(CLI::App&) {}
};

void run(const config::Config& config, const DataBuildCommand& command);
void run(const config::Config& config, const DataStatsCommand& command);
void run(const config::Config& config, const DataCheckCommand& command);

}  // namespace midillama::cli
