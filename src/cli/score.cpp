#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  ScoreCommand command;
  std::string profile;

  // Scoring needs no experiment: without --config the defaults hold, wherever the command runs.
  config::Config load() const {
    std::vector<std::string> overrides = common.overrides;
    if (!profile.empty()) overrides.push_back("eval.profile=" + profile);
    return common.config_file.empty() ? config::parse("", "defaults", overrides) : config::load(common.config_file, overrides);
  }
};

}  // namespace

void add_score(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(app, "score", "Score predictions: {\"prediction\": ..., \"references\": [...]} a line",
                                  "midillama score --predictions predictions.jsonl", options->common);
  command->add_option("--predictions", options->command.predictions, "The predictions")->required()->type_name("FILE");
  command->add_option("--profile", options->profile, "standard or mullama (eval.profile)")->check(CLI::IsMember({"standard", "mullama"}));
  command->callback([options] { torch_commands().score(options->load(), options->command); });
}

}  // namespace midillama::cli
