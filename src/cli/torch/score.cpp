#include "cli/commands/score.h"

#include "cli/torch/device.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/eval/scoring.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config& config, const ScoreCommand& command) {
  std::cout << json_text(eval::score_file(command.predictions, config.eval, prepare_device(config.run)), 2) << "\n";
}

}  // namespace midillama::cli
