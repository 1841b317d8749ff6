#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct EvalCommand : TorchCommand {
  static constexpr const char* kName = "eval";
  static constexpr const char* kDescription = "Answer the questions of the test split and score the answers";
  static constexpr const char* kExample = "midillama eval --task caption --music shuffled";

  void declare(CLI::App& app) {
    app.add_option("--task", task, "caption, qa, or unseen: questions in wordings that no training question has (unseen.jsonl)")
        ->required()
        ->check(CLI::IsMember({"caption", "qa", "unseen"}));
    add_checkpoint_option(app, checkpoint, "sft");
    app.add_option(
           "--music", music,
           "true: each question with its clip; shuffled: with another clip; zero: a zero embedding; none: no musical token; "
           "zero-shot: the untrained language model with the question alone; most-frequent: what the training split says most often; "
           "all: true to none and most-frequent. Several, separated by commas, and all make the report, with a linear probe")
        ->delimiter(',')
        ->check(CLI::IsMember({"true", "shuffled", "zero", "none", "zero-shot", "most-frequent", "all"}))
        ->capture_default_str();
    app.add_option("--beside", beside, "Another run's folder, whose answers to the same questions the report has, too")->type_name("RUN");
  }

  std::string task;
  std::string checkpoint;
  std::vector<std::string> music = {"true"};
  std::string beside;
};

void run(const config::Config& config, const EvalCommand& command);

}  // namespace midillama::cli
