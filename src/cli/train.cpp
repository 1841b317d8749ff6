#include "command.h"
#include "commands.h"
#include "midillama/core/error.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  TrainCommand command;
};

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, "train", "Train one stage", "midillama train --stage align --set train.batch_size=8", options->common);
  command
      ->add_option(
          "--stage", options->command.stage,
          "align (projector), sft (projector and LoRA), pretrain-encoder (MusicBERT from scratch), pretrain-llm (decoder from scratch)")
      ->required()
      ->check(CLI::IsMember(config::stage_names()));
  auto* resume = command->add_flag("--resume", options->command.resume,
                                   "Go on from the newest complete checkpoint of the run directory; start where there is none");
  command
      ->add_flag("--overwrite", options->command.overwrite,
                 "Begin again; an old run of this stage stays until the new one has its first checkpoint")
      ->excludes(resume);
  command
      ->add_option("--init", options->command.init,
                   "Start from this checkpoint (sft: the last align checkpoint of the run directory by default)")
      ->type_name("DIR");
  command->callback([options] { torch_commands().train(options->common.load(), options->command); });
}

}  // namespace midillama::cli
