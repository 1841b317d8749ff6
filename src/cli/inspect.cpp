#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  InspectCommand command;
};

// Standard output is a terminal, and nobody asked for no colours (https://no-color.org).
bool shows_colours() {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto options = std::make_shared<Options>();
  InspectCommand& values = options->command;
  CLI::App* command = add_command(app, "inspect",
                                  "What the model is trained on: token ids, labels, place of the music, loss, one JSON object an example; "
                                  "coloured tokens on a terminal",
                                  "midillama inspect --split valid --examples 3 --loss", options->common);
  command->add_option("--split", values.split, "train, valid or test")->capture_default_str()->type_name("NAME");
  command->add_option("--examples", values.examples, "How many, from the start of the split; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command->add_flag("--loss", values.loss, "Compute each example's loss (needs a checkpoint)");
  add_checkpoint_option(*command, values.checkpoint, "sft or align");
  command->callback([options] {
    options->command.colour = shows_colours();
    torch_commands().inspect(options->common.load(), options->command);
  });
}

}  // namespace midillama::cli
