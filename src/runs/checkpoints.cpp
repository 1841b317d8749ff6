#include "midillama/runs/checkpoints.h"

#include "midillama/config/config.h"
#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "midillama/core/log.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trainer_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::runs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kStepPrefix = "step-";

std::int64_t step_of(const fs::path& directory) {
  return std::stoll(directory.filename().string().substr(kStepPrefix.size()));
}

bool is_step_name(const std::string& name) {
  constexpr std::size_t kMostDigits = 18;
  return name.starts_with(kStepPrefix) && name.size() > kStepPrefix.size() && name.size() <= kStepPrefix.size() + kMostDigits &&
         name.find_first_not_of("0123456789", kStepPrefix.size()) == std::string::npos;
}

fs::path warned(fs::path checkpoint) {
  warn_if_unfinished(checkpoint);
  return checkpoint;
}

fs::path given_checkpoint(const fs::path& given) {
  for (const fs::path& candidate : {given, given / kLastLink}) {
    if (is_checkpoint(candidate)) return warned(candidate);
  }
  throw InputError(
      given.string(), "",
      fmt::format("is no checkpoint: a directory with {} is needed, or a stage directory whose {} points to one", kStateFile, kLastLink));
}

// A file of another checkpoint, or one that was edited, would change what the model computes without a word.
void check_adapter(const Json& adapter, const Json& trained, const fs::path& folder) {
  for (const auto& [key, of_adapter] : {std::pair("lora.rank", "r"), {"lora.alpha", "lora_alpha"}}) {
    if (!trained.contains(key) || !adapter.is_object() || !adapter.contains(of_adapter)) continue;
    if (adapter[of_adapter] != trained[key])
      throw InputError(
          (folder / kAdapterConfigFile).string(), of_adapter,
          fmt::format("is {}, but the checkpoint was trained with {} {}", adapter[of_adapter].dump(), key, trained[key].dump()));
  }
}

}  // namespace

bool is_checkpoint(const fs::path& directory) {
  return fs::exists(directory / kStateFile) || fs::exists(directory / kProjectorFile);
}

void warn_if_unfinished(const fs::path& checkpoint) {
  if (!fs::exists(checkpoint / kStateFile)) return;
  const TrainerState state = TrainerState::read(checkpoint);
  if (state.step >= state.steps) return;
  log::warning("{} is of step {} of {}: {} is not finished", checkpoint.string(), state.step, state.steps, state.stage);
}

CheckpointStore::CheckpointStore(fs::path stage_dir, std::int64_t keep)
    : stage_dir_(std::move(stage_dir)), keep_(std::max<std::int64_t>(keep, 1)) {}

fs::path CheckpointStore::write(std::int64_t step, const std::function<void(const fs::path&)>& fill) {
  const fs::path relative = fs::path(kCheckpointsFolder) / fmt::format("{}{:06}", kStepPrefix, step);
  fs::create_directories(stage_dir_ / kCheckpointsFolder);
  write_directory(stage_dir_ / relative, fill);
  point_last_to(relative);
  const auto checkpoints = all();
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep_) < checkpoints.size(); ++i) remove_directory(checkpoints[i]);
  return stage_dir_ / relative;
}

void CheckpointStore::point_last_to(const fs::path& relative) const {
  const fs::path last = stage_dir_ / kLastLink;
  // A copy of the run whose links were followed has a folder there, which is a copy of a checkpoint.
  if (fs::is_directory(fs::symlink_status(last))) remove_directory(last);
  replace_symlink(last, relative);
}

std::vector<fs::path> CheckpointStore::all() const {
  std::vector<fs::path> checkpoints;
  if (!fs::is_directory(stage_dir_ / kCheckpointsFolder)) return checkpoints;
  for (const auto& entry : fs::directory_iterator(stage_dir_ / kCheckpointsFolder)) {
    if (entry.is_directory() && is_step_name(entry.path().filename().string())) checkpoints.push_back(entry.path());
  }
  std::ranges::sort(checkpoints, {}, step_of);
  return checkpoints;
}

void CheckpointStore::clean() {
  remove_leftovers(stage_dir_);
  remove_leftovers(stage_dir_ / kCheckpointsFolder);
}

std::optional<fs::path> last_checkpoint(const config::Config& config, const std::string& stage) {
  const fs::path stage_dir = config::stage_dir(config, stage);
  // Not by `last`: a run killed between writing a checkpoint and moving the link has a newer one.
  const auto checkpoints = CheckpointStore(stage_dir, 1).all();
  if (!checkpoints.empty()) return checkpoints.back();
  if (fs::is_directory(stage_dir / kLastLink)) return stage_dir / kLastLink;
  return std::nullopt;
}

std::optional<fs::path> newest_checkpoint(const config::Config& config) {
  for (const char* stage : {"sft", "align"}) {
    if (auto checkpoint = last_checkpoint(config, stage)) return checkpoint;
  }
  return std::nullopt;
}

bool has_adapter(const fs::path& checkpoint) {
  const fs::path adapter = checkpoint / kAdapterFolder;
  const Json trained = fs::exists(checkpoint / kStateFile) ? TrainerState::read(checkpoint).essentials : Json::object();
  if (fs::exists(adapter / kAdapterConfigFile)) check_adapter(read_json(adapter / kAdapterConfigFile), trained, adapter);
  if (fs::exists(adapter)) return true;
  if (trained.contains("lora.rank"))
    throw InputError(adapter.string(), "", "is missing, although the stage trained an adapter: the checkpoint is not whole");
  return false;
}

fs::path find_checkpoint(const config::Config& config, const fs::path& given) {
  if (!given.empty()) return given_checkpoint(given);
  if (const auto newest = newest_checkpoint(config)) return warned(*newest);
  throw InputError(config.run.dir, "",
                   "has no checkpoint yet: run `midillama train --stage align`, then `midillama train --stage sft`, or give --checkpoint");
}

fs::path find_checkpoint_of(const config::Config& config, const std::string& stage, const fs::path& given) {
  if (!given.empty()) return given_checkpoint(given);
  if (const auto last = last_checkpoint(config, stage)) return warned(*last);
  throw InputError(config.run.dir, "", fmt::format("has no checkpoint yet: run `midillama train --stage {}`, or give --checkpoint", stage));
}

}  // namespace midillama::runs
