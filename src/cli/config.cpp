#include "cli/commands/config.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config& config, const ConfigShowCommand& command) {
  std::cout << config::dump(command.stage.empty() ? config : config::resolve_stage(config, command.stage));
}

// Loading it was the check.
void run(const config::Config&, const ConfigValidateCommand& command) {
  std::cout << config::find_config(command.config_file).string() << ": ok\n";
}

}  // namespace midillama::cli
