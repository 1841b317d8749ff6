#include "cli/commands/train.h"

#include "cli/torch/plain_errors.h"
#include "midillama/train/trainer.h"

namespace midillama::cli {

void run(const config::Config& config, const TrainCommand& command) {
  plainly(
      [&] {
        train::train(config, {command.stage, command.resume, command.overwrite, command.init});
      },
      [&] { return advice_for(config, command.stage); });
}

}  // namespace midillama::cli
