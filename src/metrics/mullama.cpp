#include "metrics/checks.h"
#include "metrics/ngrams.h"
#include "metrics/rouge.h"
#include "midillama/text/utf8.h"

#include <cmath>
#include <limits>

namespace midillama::metrics {
namespace {

std::vector<WordId> characters(std::string_view text) {
  std::vector<WordId> ids;
  while (!text.empty()) ids.push_back(text::take_code_point(text));
  return ids;
}

// nltk's sentence_bleu without smoothing: an order without a match counts as the smallest positive number.
double unsmoothed(const NgramStatistics& statistics) {
  if (statistics.correct[0] == 0) return 0;
  double logarithms = 0;
  for (std::size_t n = 0; n < kMaxOrder; ++n) {
    const bool matched = statistics.correct[n] > 0;
    const double precision = matched ? static_cast<double>(statistics.correct[n]) / static_cast<double>(statistics.total[n])
                                     : std::numeric_limits<double>::min();
    logarithms += std::log(precision) / kMaxOrder;
  }
  return statistics.brevity_penalty() * std::exp(logarithms);
}

}  // namespace

Score mullama_bleu(std::span<const ScoredText> examples) {
  check(examples, "BLEU");
  std::vector<double> scores;
  std::vector<std::vector<WordId>> references;
  for (const ScoredText& example : examples) {
    references.clear();
    for (const std::string& reference : example.references) references.push_back(characters(reference));
    scores.push_back(unsmoothed(count_ngrams(characters(example.prediction), references)));
  }
  return mean_of(std::move(scores), "nltk.sentence_bleu|tok:char|max_order:4|smooth:none|average:mean|profile:mullama|version:3.10.4");
}

Score mullama_rouge_l(std::span<const ScoredText> examples) {
  check(examples, "ROUGE-L");
  Tokens tokens;
  std::vector<double> scores;
  for (const ScoredText& example : examples) scores.push_back(best_rouge_l(tokens, example).recall);
  return mean_of(std::move(scores), "rouge_score|rougeL|recall|stemmer:porter|refs:best|average:mean|profile:mullama|version:0.1.2");
}

}  // namespace midillama::metrics
