#include "train/run_directory.h"

#include "midillama/config/config.h"
#include "midillama/core/file.h"
#include "midillama/train/checkpoint.h"

#include <fmt/format.h>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

// What a run has written once it has begun to train: a start that failed before is no run.
constexpr const char* kResults[] = {"metrics.jsonl", "checkpoints", "last", "model"};
// The rest. Other files in the directory are left alone.
constexpr const char* kCompanions[] = {"config.yaml", "log.txt", "loss.svg", "tokenizer.model"};

bool holds_run(const fs::path& directory) {
  return std::ranges::any_of(kResults, [&](const char* name) { return fs::exists(fs::symlink_status(directory / name)); });
}

}  // namespace

void open_run_directory(const fs::path& directory, const config::Config& config, const TrainOptions& options) {
  if (!options.resume && !options.overwrite && holds_run(directory)) {
    throw InputError(directory.string(), "",
                     fmt::format("holds a run of {} already: --resume continues it, --overwrite begins again", options.stage));
  }
  if (options.overwrite) {
    for (const char* name : kResults) fs::remove_all(directory / name);
    for (const char* name : kCompanions) fs::remove(directory / name);
  }
  fs::create_directories(directory);
  CheckpointStore(directory, config.train.keep_checkpoints).clean();
  write_atomically(directory / "config.yaml", config::dump(config));
}

}  // namespace midillama::train
