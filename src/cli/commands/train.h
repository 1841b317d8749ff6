#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct TrainCommand : TorchCommand {
  static constexpr const char* kName = "train";
  static constexpr const char* kDescription = "Train one stage";
  static constexpr const char* kExample = "midillama train --stage align --set train.batch_size=8";

  void declare(CLI::App& app) {
    app.add_option("--stage", stage,
                   "align (projector), sft (projector and LoRA), pretrain-encoder (MusicBERT from scratch), pretrain-llm (decoder from "
                   "scratch)")
        ->required()
        ->check(CLI::IsMember(config::stage_names()));
    auto* resumes =
        app.add_flag("--resume", resume, "Go on from the newest complete checkpoint of the run directory; start where there is none");
    app.add_flag("--overwrite", overwrite, "Begin again; an old run of this stage stays until the new one has its first checkpoint")
        ->excludes(resumes);
    app.add_option("--init", init, "Start from this checkpoint (sft: the last align checkpoint of the run directory by default)")
        ->type_name("DIR");
  }

  std::string stage;
  bool resume = false;
  bool overwrite = false;
  std::string init;
};

void run(const config::Config& config, const TrainCommand& command);

}  // namespace midillama::cli
