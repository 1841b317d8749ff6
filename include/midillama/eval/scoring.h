// The text metrics of a set of answers.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/eval/bert_score.h"
#include "midillama/metrics/additive.h"
#include "midillama/metrics/intervals.h"
#include "midillama/metrics/metrics.h"

#include <torch/types.h>

#include <cstdint>
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
  std::optional<metrics::Interval> interval;  // 95 %, by bootstrap over the pieces
  metrics::Additive additive = {};            // of each example; none where the metric was read from a report
};

class Scorer {
 public:
  // Loads BERTScore's encoder where eval.bertscore.path names one; where that cannot be read, says so and goes on without. `seed` is the
  // bootstrap's.
  Scorer(const config::Eval& config, std::uint64_t seed, torch::Device device);

  // BLEU, METEOR, ROUGE-L and, where configured, BERTScore in the profile of the configuration: "standard", or "mullama" for the numbers of
  // the common music-LLM script. `pieces`: of each example, the name of what it is about (a piece of music), since answers about one piece
  // are not independent.
  std::vector<Metric> score(std::span<const metrics::ScoredText> examples, std::span<const std::string> pieces) const;

 private:
  config::Eval config_;
  std::uint64_t seed_;
  std::optional<BertScorer> bert_;
};

// A predictions file's scores: {"metrics": {"bleu": {"score", "signature"}, ...}, "examples": N}.
OrderedJson score_file(const std::filesystem::path& predictions, const config::Eval& config, torch::Device device);

}  // namespace midillama::eval
