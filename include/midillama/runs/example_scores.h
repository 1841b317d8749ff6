// What an evaluation measured of each answer, beside predictions.jsonl: enough to compute any metric of any part of the answers again, and
// to compare two systems answer by answer. One JSON object a line (docs/formats.md):
//
//   {"id", "piece", "bleu": [10 counts], "meteor": 0.41, "rouge_l": 0.5, "bertscore": 0.8, "facts": {"key": true}}
#pragma once

#include "midillama/metrics/additive.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace midillama::runs {

inline constexpr const char* kExampleScoresFile = "examples.jsonl";

// Of a metric or a tag, by its name.
using NamedAdditive = std::pair<std::string, metrics::Additive>;

struct ExampleScores {
  std::vector<std::string> ids;
  std::vector<std::string> pieces;             // that the questions are about
  std::vector<NamedAdditive> metrics = {};     // bleu, meteor, …; none of a row that writes no text
  std::vector<NamedAdditive> accuracies = {};  // of the tags: whether the fact is stated right, where the question asks for it

  // nullptr where there is none of that name.
  static const metrics::Additive* find(const std::vector<NamedAdditive>& list, const std::string& name);
};

// Atomically.
void write_example_scores(const std::filesystem::path& file, const ExampleScores& scores);
// InputError naming file, line and key.
ExampleScores read_example_scores(const std::filesystem::path& file);

}  // namespace midillama::runs
