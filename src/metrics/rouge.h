// ROUGE-L of one example.
#pragma once

#include "metrics/tokens.h"
#include "midillama/metrics/metrics.h"

#include <span>

namespace midillama::metrics {

struct LongestCommonScore {
  double recall = 0;  // longest common subsequence / reference
  double f1 = 0;
};

LongestCommonScore rouge_l_of(std::span<const WordId> prediction, std::span<const WordId> reference);

// The reference with the highest F1, the first of equals.
LongestCommonScore best_rouge_l(Tokens& tokens, const ScoredText& example);

}  // namespace midillama::metrics
