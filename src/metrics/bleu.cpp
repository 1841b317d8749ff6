#include "metrics/checks.h"
#include "metrics/ngrams.h"
#include "metrics/tokens.h"
#include "midillama/metrics/additive.h"
#include "midillama/metrics/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace midillama::metrics {
namespace {

NgramStatistics statistics_of(std::span<const double> sums) {
  NgramStatistics statistics;
  const auto whole = [&](std::size_t i) { return static_cast<std::int64_t>(sums[i]); };
  for (std::size_t n = 0; n < kMaxOrder; ++n) {
    statistics.correct[n] = whole(n);
    statistics.total[n] = whole(kMaxOrder + n);
  }
  statistics.prediction_length = whole(2 * kMaxOrder);
  statistics.reference_length = whole(2 * kMaxOrder + 1);
  return statistics;
}

void append(std::vector<double>& counts, const NgramStatistics& statistics) {
  const auto add = [&](std::int64_t count) { counts.push_back(static_cast<double>(count)); };
  std::ranges::for_each(statistics.correct, add);
  std::ranges::for_each(statistics.total, add);
  add(statistics.prediction_length);
  add(statistics.reference_length);
}

// Geometric mean of the precisions times the brevity penalty. An order without a match counts 1/2 of a match the first time, 1/4 the second
// and so on.
double exponentially_smoothed(const NgramStatistics& statistics) {
  if (std::ranges::all_of(statistics.correct, [](std::int64_t correct) { return correct == 0; })) return 0;
  if (statistics.total[kMaxOrder - 1] == 0) return 0;  // no 4-gram anywhere
  double smoothing = 1;
  double logarithms = 0;
  for (std::size_t n = 0; n < kMaxOrder; ++n) {
    const double correct = statistics.correct[n] > 0 ? static_cast<double>(statistics.correct[n]) : 1 / (smoothing *= 2);
    logarithms += std::log(correct / static_cast<double>(statistics.total[n]));
  }
  return statistics.brevity_penalty() * std::exp(logarithms / kMaxOrder);
}

double bleu_of_sums(std::span<const double> sums) {
  return exponentially_smoothed(statistics_of(sums));
}

// sacrebleu's signature: the number of references where all examples have as many.
std::string signature(std::span<const ScoredText> examples) {
  const auto count = examples.front().references.size();
  const bool same = std::ranges::all_of(examples, [&](const ScoredText& example) { return example.references.size() == count; });
  return fmt::format("sacrebleu|nrefs:{}|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0", same ? std::to_string(count) : "var");
}

}  // namespace

Additive bleu_of_counts(std::vector<double> counts) {
  return {.width = kBleuCounts, .counts = std::move(counts), .value = bleu_of_sums};
}

Score bleu(std::span<const ScoredText> examples) {
  check(examples, "BLEU");
  Tokens tokens;
  std::vector<double> counts;
  std::vector<std::vector<WordId>> references;
  for (const ScoredText& example : examples) {
    references.clear();
    for (const std::string& reference : example.references) references.push_back(tokens.mteval_13a(reference));
    append(counts, count_ngrams(tokens.mteval_13a(example.prediction), references));
  }
  Additive metric = bleu_of_counts(std::move(counts));
  return {metric.value_of_all(), signature(examples), {}, std::move(metric)};
}

}  // namespace midillama::metrics
