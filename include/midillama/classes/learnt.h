// What a classifier's checkpoint remembers of its task: classes.json, {"classes": […], "works": […]}.
#pragma once

#include "midillama/classes/task.h"

#include <filesystem>

namespace midillama::classes {

inline constexpr const char* kLearntFile = "classes.json";

// The classes in the order of the model's answers, and the works of the pieces that are learnt from and validated with.
void write_learnt(const std::filesystem::path& checkpoint, const Task& task);

// InputError where the checkpoint was trained for other classes, or a work that is tested was learnt from.
void require_learnt(const std::filesystem::path& checkpoint, const Task& task);

}  // namespace midillama::classes
