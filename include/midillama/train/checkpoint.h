// Checkpoint directories: <run.dir>/<stage>/checkpoints/step-XXXXXX, and `last`, a link to the newest complete one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "midillama/config/schema.h"

namespace midillama::train {

// The newest complete checkpoint of a stage of the run directory; nothing where there is none.
std::optional<std::filesystem::path> last_checkpoint(const config::Config& config, const std::string& stage);

// What eval, generate and inspect use: `given` where it is not empty (a checkpoint, or a stage directory with `last`), else the last sft, else the last align one.
// InputError saying which command makes one where there is none.
std::filesystem::path find_checkpoint(const config::Config& config, const std::filesystem::path& given);

}  // namespace midillama::train
