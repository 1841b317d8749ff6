#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct EvalCommand : TorchCommand {
  static constexpr const char* kName = "eval";
  static constexpr const char* kDescription = "Answer the questions of the test split and score the answers";
  static constexpr const char* kExample = "midillama eval --task caption --music shuffled";

  void declare(CLI::App& app) {
    app.add_option("--task", task, "caption or qa")->required()->check(CLI::IsMember({"caption", "qa"}));
    add_checkpoint_option(app, checkpoint, "sft");
    app.add_option("--music", music,
                   "true: each question with its clip; shuffled: with another clip; zero: a zero embedding; none: no musical token; all: "
                   "each of these, with the most frequent answer and a linear probe beside them")
        ->check(CLI::IsMember({"true", "shuffled", "zero", "none", "all"}))
        ->capture_default_str();
  }

  std::string task;
  std::string checkpoint;
  std::string music = "true";
};

void run(const config::Config& config, const EvalCommand& command);

}  // namespace midillama::cli
