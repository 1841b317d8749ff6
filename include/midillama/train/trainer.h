// Trains one stage: the same loop for all four.
#pragma once

#include <filesystem>
#include <string>

#include "midillama/config/schema.h"

namespace midillama::train {

struct TrainOptions {
  std::string stage;           // pretrain-encoder, pretrain-llm, align, sft
  bool resume = false;         // from the newest complete checkpoint; from the start where there is none
  bool overwrite = false;      // delete what the run directory holds of this stage
  std::filesystem::path init;  // a checkpoint directory to start from; empty: for sft the last align checkpoint of the run directory
};

// Runs the stage to its end and returns its directory <run.dir>/<stage>. `config` is the whole configuration; the stage's own values are resolved here.
std::filesystem::path train(const config::Config& config, const TrainOptions& options);

}  // namespace midillama::train
