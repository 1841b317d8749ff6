// Answers beside their references: what evaluation writes and `midillama score` reads. One JSON object a line (docs/formats.md):
//   {"id", "task", "tag", "question", "prediction", "references": [...]}
#pragma once

#include "midillama/metrics/metrics.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

struct Prediction {
  std::string id;
  std::string task;
  std::string tag;
  std::string question;
  std::string prediction;
  std::vector<std::string> references;  // at least one
  bool operator==(const Prediction&) const = default;
};

// Atomically. Bytes of a prediction that are not UTF-8 become U+FFFD.
void write_predictions(const std::filesystem::path& path, std::span<const Prediction> predictions);

// `prediction` and `references` must be there; the other keys may be missing in files of other programs. InputError naming file, line and
// key; a file without a prediction is one too.
std::vector<Prediction> read_predictions(const std::filesystem::path& path);

// What the text metrics compare.
std::vector<metrics::ScoredText> examples_of(std::span<const Prediction> predictions);

}  // namespace midillama::eval
