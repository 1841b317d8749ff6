// Checkpoint directories: <run.dir>/<stage>/checkpoints/step-XXXXXX, and <run.dir>/<stage>/last, a link to the newest complete one.
#pragma once

#include "midillama/config/schema.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace midillama::train {

// The newest complete checkpoint of a stage of the run directory; nothing where there is none.
std::optional<std::filesystem::path> last_checkpoint(const config::Config& config, const std::string& stage);

// What eval, generate and inspect use: `given` where it is not empty (a checkpoint, or a stage directory with `last`), else the last sft,
// else the last align one. InputError saying which command makes one where there is none.
std::filesystem::path find_checkpoint(const config::Config& config, const std::filesystem::path& given);

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
  std::filesystem::path stage_dir_;
  std::int64_t keep_;
};

}  // namespace midillama::train
