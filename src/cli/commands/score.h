#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct ScoreCommand : TorchCommand {
  static constexpr const char* kName = "score";
  static constexpr const char* kDescription = R"(Score predictions: {"prediction": ..., "references": [...]} a line)";
  static constexpr const char* kExample = "midillama score --predictions predictions.jsonl";

  void declare(CLI::App& app) {
    app.add_option("--predictions", predictions, "The predictions")->required()->type_name("FILE");
    app.add_option("--profile", profile, "standard or mullama (eval.profile)")->check(CLI::IsMember({"standard", "mullama"}));
  }

  // Scoring needs no experiment: without --config the defaults hold, wherever the command runs.
  config::Config load() const {
    std::vector<std::string> with_profile = overrides;
    if (!profile.empty()) with_profile.push_back("eval.profile=" + profile);
    return config_file.empty() ? config::parse("", "defaults", with_profile) : config::load(config_file, with_profile);
  }

  std::string predictions;
  std::string profile;
};

void run(const config::Config& config, const ScoreCommand& command);

}  // namespace midillama::cli
