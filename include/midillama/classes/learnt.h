// What a classifier's checkpoint remembers of its task: classes.json, {"classes": […]} and what pieces::learnt_of() says.
#pragma once

#include "midillama/classes/task.h"

#include <filesystem>

namespace midillama::classes {

inline constexpr const char* kLearntFile = "classes.json";

// The classes in the order of the model's answers, and the pieces that are learnt from and validated with.
void write_learnt(const std::filesystem::path& checkpoint, const Task& task);

// The task that the checkpoint has learnt, with the pieces that are tested now: its classes, and the pieces that it has learnt from,
// whatever else could be learnt from. What read_task() and pieces::as_learnt() throw.
Task read_learnt_task(const config::Config& config, const std::filesystem::path& checkpoint);

}  // namespace midillama::classes
