// The text metrics of a set of answers.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/eval/statistics.h"
#include "midillama/metrics/metrics.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

struct Metric {
  std::string name;  // bleu, meteor, rouge_l, bertscore
  double score = 0;  // 0 ... 1
  std::string signature;
  std::optional<Interval> interval;  // 95 %, by bootstrap; for the metrics that are means over examples
};

// BLEU, METEOR and ROUGE-L in the profile of `config`: "standard", or "mullama" for the numbers of the common music-LLM script.
std::vector<Metric> score(std::span<const metrics::Example> examples, const config::Eval& config, std::uint64_t seed);

// A predictions file's scores: {"metrics": {"bleu": {"score", "signature"}, ...}, "examples": N}.
OrderedJson score_file(const std::filesystem::path& predictions, const config::Eval& config);

}  // namespace midillama::eval
