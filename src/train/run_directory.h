// <run.dir>/<stage>: what a stage leaves on disk.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/train/trainer.h"

#include <filesystem>

namespace midillama::train {

// Makes the directory ready: refuses one that holds a run already unless it is to be resumed or overwritten, deletes what has to go, and
// writes config.yaml. `config` is resolved for the stage.
void open_run_directory(const std::filesystem::path& directory, const config::Config& config, const TrainOptions& options);

}  // namespace midillama::train
