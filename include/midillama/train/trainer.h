// Trains one stage: the same loop for all four.
#pragma once

#include "midillama/config/schema.h"

#include <filesystem>
#include <string>

namespace midillama::train {

struct TrainOptions {
  std::string stage = {};  // pretrain-encoder, pretrain-llm, align, sft
  bool resume = false;     // from the newest complete checkpoint; from the start where there is none
  bool overwrite = false;  // delete what the run directory holds of this stage
  // A checkpoint, or a stage directory, to start from; empty: for sft the last align checkpoint of the run directory.
  std::filesystem::path init = {};
};

// Runs the stage to its end and returns its directory <run.dir>/<stage>. `config` is the whole configuration; the stage's own values are
// resolved here. Called by every rank of the run (see midillama/parallel/process_group.h); all ranks see the same files. Sets the number of
// LibTorch's threads. UsageError for options that make no sense; InputError where the directory holds a run already, where a checkpoint
// does not fit the configuration, and for bad data; Error where the loss is not finite, naming the examples of the batch.
std::filesystem::path train(const config::Config& config, const TrainOptions& options);

}  // namespace midillama::train
