// Checkpoint directories: <run.dir>/<stage>/checkpoints/step-XXXXXX, and <run.dir>/<stage>/last, a link to the newest complete one.
#pragma once

#include "midillama/config/schema.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace midillama::runs {

// Whether the directory is one. It is known by trainer_state.json; the bundles of `midillama export` had none in the beginning and are
// known by their projector.
bool is_checkpoint(const std::filesystem::path& directory);

// The newest complete checkpoint of a stage of the run directory; nothing where there is none.
std::optional<std::filesystem::path> last_checkpoint(const config::Config& config, const std::string& stage);

// The last sft checkpoint of the run directory, else the last align one; nothing where there is neither.
std::optional<std::filesystem::path> newest_checkpoint(const config::Config& config);

// Whether the checkpoint has an adapter. InputError where its stage trained one that is not there.
bool has_adapter(const std::filesystem::path& checkpoint);

// What eval, generate and inspect use: `given` where it is not empty (a checkpoint, or a stage directory with `last`), else the last sft,
// else the last align one. InputError saying which command makes one where there is none. A warning says where its stage was not finished.
std::filesystem::path find_checkpoint(const config::Config& config, const std::filesystem::path& given);

// The same of one stage: `given`, else the last checkpoint of the run directory's `stage`.
std::filesystem::path find_checkpoint_of(const config::Config& config, const std::string& stage, const std::filesystem::path& given);

// Logs a warning, with the step, where the checkpoint is not the last one of its stage.
void warn_if_unfinished(const std::filesystem::path& checkpoint);

// The checkpoints of one stage directory.
class CheckpointStore {
 public:
  CheckpointStore(std::filesystem::path stage_dir, std::int64_t keep);

  // Lets `fill` write the files of a checkpoint, makes it whole in one step, points `last` to it, and deletes the oldest beyond `keep` (at
  // least one stays). Returns its directory. A program killed at any moment leaves only whole checkpoints under their names.
  std::filesystem::path write(std::int64_t step, const std::function<void(const std::filesystem::path&)>& fill);

  // By step, oldest first.
  std::vector<std::filesystem::path> all() const;

  // Deletes what a killed run left half-written.
  void clean();

 private:
  void point_last_to(const std::filesystem::path& relative) const;

  std::filesystem::path stage_dir_;
  std::int64_t keep_;
};

}  // namespace midillama::runs
