#include "midillama/train/checkpoint.h"

#include "midillama/config/config.h"
#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "midillama/model/midi_llama.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCheckpoints = "checkpoints";
constexpr const char* kLast = "last";
constexpr std::string_view kStepPrefix = "step-";

std::int64_t step_of(const fs::path& directory) {
  return std::stoll(directory.filename().string().substr(kStepPrefix.size()));
}

bool is_step_name(const std::string& name) {
  return name.starts_with(kStepPrefix) && name.size() > kStepPrefix.size() &&
         name.find_first_not_of("0123456789", kStepPrefix.size()) == std::string::npos;
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path stage_dir, std::int64_t keep)
    : stage_dir_(std::move(stage_dir)), keep_(std::max<std::int64_t>(keep, 1)) {}

fs::path CheckpointStore::write(std::int64_t step, const std::function<void(const fs::path&)>& fill) {
  const fs::path relative = fs::path(kCheckpoints) / fmt::format("{}{:06}", kStepPrefix, step);
  fs::create_directories(stage_dir_ / kCheckpoints);
  write_directory(stage_dir_ / relative, fill);
  replace_symlink(stage_dir_ / kLast, relative);
  const auto checkpoints = all();
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep_) < checkpoints.size(); ++i) remove_directory(checkpoints[i]);
  return stage_dir_ / relative;
}

std::vector<fs::path> CheckpointStore::all() const {
  std::vector<fs::path> checkpoints;
  if (!fs::is_directory(stage_dir_ / kCheckpoints)) return checkpoints;
  for (const auto& entry : fs::directory_iterator(stage_dir_ / kCheckpoints)) {
    if (entry.is_directory() && is_step_name(entry.path().filename().string())) checkpoints.push_back(entry.path());
  }
  std::ranges::sort(checkpoints, {}, step_of);
  return checkpoints;
}

void CheckpointStore::clean() {
  remove_leftovers(stage_dir_);
  remove_leftovers(stage_dir_ / kCheckpoints);
}

std::optional<fs::path> last_checkpoint(const config::Config& config, const std::string& stage) {
  const fs::path stage_dir = config::stage_dir(config, stage);
  // Not by `last`: a run killed between writing a checkpoint and moving the link has a newer one.
  const auto checkpoints = CheckpointStore(stage_dir, 1).all();
  if (!checkpoints.empty()) return checkpoints.back();
  if (fs::is_directory(stage_dir / kLast)) return stage_dir / kLast;
  return std::nullopt;
}

fs::path find_checkpoint(const config::Config& config, const fs::path& given) {
  if (!given.empty()) {
    for (const fs::path& candidate : {given, given / kLast}) {
      if (fs::exists(candidate / model::kProjectorFile)) return candidate;
    }
    throw InputError(given.string(), "",
                     fmt::format("is no checkpoint: a directory with {} is needed, or a stage directory whose {} points to one",
                                 model::kProjectorFile, kLast));
  }
  for (const char* stage : {"sft", "align"}) {
    if (const auto checkpoint = last_checkpoint(config, stage)) return *checkpoint;
  }
  throw InputError(config.run.dir, "",
                   "has no checkpoint yet: run `midillama train --stage align`, then `midillama train --stage sft`, or give --checkpoint");
}

}  // namespace midillama::train
