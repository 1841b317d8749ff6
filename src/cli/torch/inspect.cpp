#include "cli/commands/inspect.h"

#include "cli/torch/device.h"
#include "midillama/core/terminal.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trained_with.h"
#include "midillama/tools/inspect.h"

#include <unistd.h>

#include <iostream>

namespace midillama::cli {

void run(const config::Config& given, const InspectCommand& command) {
  // What a model is trained on can be seen before there is a checkpoint.
  const bool uses = command.loss || !command.checkpoint.empty() || runs::newest_checkpoint(given);
  const auto [checkpoint, config] = uses ? runs::use_checkpoint(given, command.checkpoint) : runs::Used{{}, given};
  tools::InspectOptions options;
  options.split = command.split;
  options.examples = command.examples;
  options.loss = command.loss;
  options.colour = shows_colours(STDOUT_FILENO);
  options.checkpoint = checkpoint;
  tools::inspect(config, options, prepare_device(config.run), std::cout);
}

}  // namespace midillama::cli
