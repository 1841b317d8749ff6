#include "metrics/rouge.h"

#include "metrics/checks.h"

#include <algorithm>

namespace midillama::metrics {
namespace {

std::size_t longest_common_subsequence(std::span<const WordId> a, std::span<const WordId> b) {
  std::vector<std::size_t> row(b.size() + 1, 0);  // lengths for the beginning of a read so far and every beginning of b
  for (const WordId word : a) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

LongestCommonScore rouge_l_of(std::span<const WordId> prediction, std::span<const WordId> reference) {
  if (prediction.empty() || reference.empty()) return {};
  const auto common = static_cast<double>(longest_common_subsequence(reference, prediction));
  const double precision = common / static_cast<double>(prediction.size());
  const double recall = common / static_cast<double>(reference.size());
  return {recall, common > 0 ? 2 * precision * recall / (precision + recall) : 0};
}

LongestCommonScore best_rouge_l(Tokens& tokens, const ScoredText& example) {
  const std::vector<WordId> prediction = tokens.rouge(example.prediction);
  LongestCommonScore best{0, -1};
  for (const std::string& reference : example.references) {
    const LongestCommonScore score = rouge_l_of(prediction, tokens.rouge(reference));
    if (score.f1 > best.f1) best = score;
  }
  return best;
}

Score rouge_l(std::span<const ScoredText> examples) {
  check(examples, "ROUGE-L");
  Tokens tokens;
  std::vector<double> scores;
  for (const ScoredText& example : examples) scores.push_back(best_rouge_l(tokens, example).f1);
  return mean_of(std::move(scores), "rouge_score|rougeL|f1|stemmer:porter|refs:best|average:mean|version:0.1.2");
}

}  // namespace midillama::metrics
