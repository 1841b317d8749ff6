#include "metrics/checks.h"
#include "metrics/ngrams.h"
#include "metrics/tokens.h"
#include "midillama/metrics/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace midillama::metrics {
namespace {

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

// sacrebleu's signature: the number of references where all examples have as many.
std::string signature(std::span<const ScoredText> examples) {
  const auto count = examples.front().references.size();
  const bool same = std::ranges::all_of(examples, [&](const ScoredText& example) { return example.references.size() == count; });
  return fmt::format("sacrebleu|nrefs:{}|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0", same ? std::to_string(count) : "var");
}

}  // namespace

Score bleu(std::span<const ScoredText> examples) {
  check(examples, "BLEU");
  Tokens tokens;
  NgramStatistics corpus;
  std::vector<std::vector<WordId>> references;
  for (const ScoredText& example : examples) {
    references.clear();
    for (const std::string& reference : example.references) references.push_back(tokens.mteval_13a(reference));
    corpus += count_ngrams(tokens.mteval_13a(example.prediction), references);
  }
  return {exponentially_smoothed(corpus), signature(examples), {}};
}

}  // namespace midillama::metrics
