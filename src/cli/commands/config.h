#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct ConfigShowCommand : Command {
  static constexpr const char* kName = "config show";
  static constexpr const char* kDescription = "Print the resolved configuration";
  static constexpr const char* kExample = "midillama config show --stage sft --set lora.rank=16";

  void declare(CLI::App& app) { app.add_option("--stage", stage, "Resolve `train` for this stage")->type_name("STAGE"); }

  std::string stage;
};

struct ConfigValidateCommand : Command {
  static constexpr const char* kName = "config validate";
  static constexpr const char* kDescription = "Check a configuration; every mistake is shown";
  static constexpr const char* kExample = "midillama config validate --config my.yaml";

  void declare(CLI::App&) {}
  // With the rules of all rooms that other commands would meet later.
  config::Config load() const;
};

void run(const config::Config& config, const ConfigShowCommand& command);
void run(const config::Config& config, const ConfigValidateCommand& command);

}  // namespace midillama::cli
