#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  EvalCommand command;
};

}  // namespace

void add_eval(CLI::App& app) {
  auto options = std::make_shared<Options>();
  EvalCommand& values = options->command;
  CLI::App* command = add_command(app, "eval", "Answer the questions of the test split and score the answers",
                                  "midillama eval --task caption --music shuffled", options->common);
  command->add_option("--task", values.task, "caption or qa")->required()->check(CLI::IsMember({"caption", "qa"}));
  add_checkpoint_option(*command, values.checkpoint, "sft");
  command
      ->add_option("--music", values.music,
                   "true: each question with its clip; shuffled: with another clip; zero: a zero embedding; none: no musical token; all: "
                   "each of these, "
                   "with the most frequent answer and a linear probe beside them")
      ->check(CLI::IsMember({"true", "shuffled", "zero", "none", "all"}))
      ->capture_default_str();
  command->callback([options] { torch_commands().eval(options->common.load(), options->command); });
}

}  // namespace midillama::cli
