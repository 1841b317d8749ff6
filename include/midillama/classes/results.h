// What an evaluation of classes leaves: predictions.jsonl and a row of scores.json.
#pragma once

#include "midillama/classes/task.h"
#include "midillama/config/schema.h"
#include "midillama/runs/score_table.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace midillama::classes {

inline constexpr const char* kPredictionsFile = "predictions.jsonl";

// Of the classes, the decision rule, and the tested pieces with their files and labels: ScoreTable::tested.
std::string fingerprint_of_tested(const Task& task);

// A line a test piece: {"piece", "fold", "labels": […], "scores": {class: p}}; everything that is measured can be computed from it again,
// with the answers that answer() gives. Atomically.
void write_predictions(const std::filesystem::path& file, const Task& task, std::int64_t fold, const Scores& scores);

// Every one of metrics::classification_metrics() of the test pieces, with a 95 % interval by `resamples` resamples of works: the same
// resamples for all rows, drawn by `seed`. What is not defined is left out.
runs::ScoreRow score_row(const Task& task, const std::string& name, const Scores& scores, std::uint64_t seed, int resamples);

// Without rows: columns, counts of what is tested, and the settings that say what was told of what.
runs::ScoreTable empty_table(const Task& task, const config::Config& config);

}  // namespace midillama::classes
