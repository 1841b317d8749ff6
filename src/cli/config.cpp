#include "command.h"
#include "commands.h"
#include "midillama/core/log.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  std::string stage;
};

void show(const Options& options) {
  const config::Config config = options.common.load();
  std::cout << config::dump(options.stage.empty() ? config : config::resolve_stage(config, options.stage));
}

}  // namespace

void add_config(CLI::App& app) {
  CLI::App* group = app.add_subcommand("config", "Show or check a configuration");
  group->require_subcommand(1);

  auto shown = std::make_shared<Options>();
  CLI::App* command = add_command(*group, "show", "Print the resolved configuration",
                                  "midillama config show --stage sft --set lora.rank=16", shown->common);
  command->add_option("--stage", shown->stage, "Resolve `train` for this stage")->type_name("STAGE");
  command->callback([shown] { show(*shown); });

  auto checked = std::make_shared<Common>();
  add_command(*group, "validate", "Check a configuration; every mistake is shown", "midillama config validate --config my.yaml", *checked)
      ->callback([checked] {
        checked->load();
        std::cout << config::find_config(checked->config_file).string() << ": ok\n";
      });
}

}  // namespace midillama::cli
