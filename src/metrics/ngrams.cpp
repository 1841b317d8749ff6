#include "metrics/ngrams.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace midillama::metrics {
namespace {

// An n-gram, shorter ones filled up with 0 (ids are stored one higher).
using Ngram = std::array<WordId, kMaxOrder>;

struct Counted {
  Ngram ngram;
  std::int64_t count;
};

std::size_t order(const Ngram& ngram) {
  return kMaxOrder - static_cast<std::size_t>(std::ranges::count(ngram, WordId{0}));
}

// Every distinct n-gram with its count, sorted.
std::vector<Counted> distinct_ngrams(std::span<const WordId> words) {
  std::vector<Ngram> all;
  all.reserve(kMaxOrder * words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    Ngram ngram{};
    for (std::size_t n = 0; n < std::min(kMaxOrder, words.size() - i); ++n) {
      ngram[n] = words[i + n] + 1;
      all.push_back(ngram);
    }
  }
  std::ranges::sort(all);
  std::vector<Counted> distinct;
  for (const Ngram& ngram : all) {
    if (distinct.empty() || distinct.back().ngram != ngram) distinct.push_back({ngram, 0});
    ++distinct.back().count;
  }
  return distinct;
}

// Raises `most` (one for each n-gram of the prediction) to the counts of a reference.
void raise_to(std::vector<std::int64_t>& most, const std::vector<Counted>& prediction, const std::vector<Counted>& reference) {
  for (std::size_t i = 0, j = 0; i < prediction.size() && j < reference.size();) {
    if (prediction[i].ngram < reference[j].ngram) {
      ++i;
    } else if (reference[j].ngram < prediction[i].ngram) {
      ++j;
    } else {
      most[i] = std::max(most[i], reference[j].count);
      ++i, ++j;
    }
  }
}

}  // namespace

NgramStatistics& NgramStatistics::operator+=(const NgramStatistics& other) {
  for (std::size_t n = 0; n < kMaxOrder; ++n) {
    correct[n] += other.correct[n];
    total[n] += other.total[n];
  }
  prediction_length += other.prediction_length;
  reference_length += other.reference_length;
  return *this;
}

double NgramStatistics::brevity_penalty() const {
  if (prediction_length >= reference_length) return 1;
  if (prediction_length == 0) return 0;
  return std::exp(1 - static_cast<double>(reference_length) / static_cast<double>(prediction_length));
}

NgramStatistics count_ngrams(std::span<const WordId> prediction, std::span<const std::vector<WordId>> references) {
  const std::vector<Counted> ngrams = distinct_ngrams(prediction);
  std::vector<std::int64_t> most(ngrams.size(), 0);
  const auto length = static_cast<std::int64_t>(prediction.size());
  std::pair<std::int64_t, std::int64_t> closest = {-1, -1};  // distance, length
  for (const auto& reference : references) {
    raise_to(most, ngrams, distinct_ngrams(reference));
    const auto reference_length = static_cast<std::int64_t>(reference.size());
    const std::pair candidate = {std::abs(reference_length - length), reference_length};
    if (closest.first < 0 || candidate < closest) closest = candidate;
  }
  NgramStatistics statistics;
  statistics.prediction_length = length;
  statistics.reference_length = closest.second;
  for (std::size_t i = 0; i < ngrams.size(); ++i) {
    const std::size_t n = order(ngrams[i].ngram) - 1;
    statistics.total[n] += ngrams[i].count;
    statistics.correct[n] += std::min(ngrams[i].count, most[i]);
  }
  return statistics;
}

}  // namespace midillama::metrics
