#include "cli/commands/config.h"

#include "midillama/corpus/dataset.h"
#include "midillama/shapes/prompt.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config& config, const ConfigShowCommand& command) {
  std::cout << config::dump(command.stage.empty() ? config : config::resolve_stage(config, command.stage));
}

config::Config ConfigValidateCommand::load() const {
  static constexpr config::Rule kRules[] = {shapes::prompt_mistakes, corpus::tag_mistakes};
  return config::load_chosen(config_file, overrides, kRules);
}

// Loading it was the check.
void run(const config::Config&, const ConfigValidateCommand& command) {
  std::cout << config::find_config(command.config_file).string() << ": ok\n";
}

}  // namespace midillama::cli
