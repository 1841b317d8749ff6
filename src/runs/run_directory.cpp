#include "midillama/runs/run_directory.h"

#include "midillama/core/file.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <vector>

namespace midillama::runs {
namespace fs = std::filesystem;
namespace {

// What a run has written once it has begun to train: a start that failed before is no run.
constexpr const char* kResults[] = {kMetricsFile, kCheckpointsFolder, kLastLink, kModelFolder};
// The rest. Other files in the directory are left alone.
constexpr const char* kCompanions[] = {kConfigFile, kLogFile, kLossCurveFile, kSentencepieceFile};

// A run that begins again, before and while it takes the old one's place.
constexpr const char* kNewRun = ".new-run";
constexpr const char* kTakingOver = ".taking-over";

bool is_there(const fs::path& path) {
  return fs::exists(fs::symlink_status(path));
}

bool holds_run(const fs::path& directory) {
  return std::ranges::any_of(kResults, [&](const char* name) { return is_there(directory / name); });
}

}  // namespace

RunDirectory::RunDirectory(fs::path directory, const std::string& stage, Start start)
    : directory_(std::move(directory)), lock_(directory_), working_(directory_) {
  if (is_there(directory_ / kTakingOver)) finish_taking_over();
  if (!CheckpointStore(directory_ / kNewRun, 1).all().empty()) take_over();
  fs::remove_all(directory_ / kNewRun);
  if (start == Start::fresh && holds_run(directory_)) {
    throw InputError(directory_.string(), "",
                     fmt::format("holds a run of {} already: --resume continues it, --overwrite begins again", stage));
  }
  CheckpointStore(directory_, 1).clean();
  if (start == Start::overwrite && holds_run(directory_)) {
    working_ = directory_ / kNewRun;
    removed_on_interrupt_ = std::make_unique<RemovedOnInterrupt>(working_);
  }
  fs::create_directories(working_);
}

RunDirectory::~RunDirectory() {
  std::error_code ignored;
  if (working_ != directory_) fs::remove_all(working_, ignored);
  fs::remove(directory_, ignored);  // where nothing came of a first start, it is empty
}

void RunDirectory::write_checkpoint(std::int64_t step, std::int64_t keep, const std::function<void(const fs::path&)>& fill) {
  CheckpointStore(working_, keep).write(step, fill);
  if (working_ == directory_) return;
  removed_on_interrupt_.reset();
  take_over();
  working_ = directory_;
}

// The complete checkpoint in kNewRun says that the old run may go, kTakingOver that it is gone: each part can be done again after a kill.
void RunDirectory::take_over() {
  for (const char* name : kResults) fs::remove_all(directory_ / name);
  for (const char* name : kCompanions) fs::remove_all(directory_ / name);
  fs::rename(directory_ / kNewRun, directory_ / kTakingOver);
  finish_taking_over();
}

void RunDirectory::finish_taking_over() {
  const fs::path from = directory_ / kTakingOver;
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(from)) names.push_back(entry.path().filename());
  for (const fs::path& name : names) fs::rename(from / name, directory_ / name);
  fs::remove(from);
  sync_to_disk(directory_);
}

}  // namespace midillama::runs
