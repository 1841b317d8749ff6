#include "metrics/ngrams.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace midillama::metrics {
namespace {

// At most four words, two in each number, ids stored one higher; 0 where there are fewer.
struct Ngram {
  std::uint64_t front = 0, back = 0;
  auto operator<=>(const Ngram&) const = default;

  void push(std::size_t place, WordId word) { (place < 2 ? front : back) |= (std::uint64_t{word} + 1) << (place % 2 == 0 ? 32 : 0); }
};

struct Counted {
  Ngram ngram;
  std::int64_t count;
};

// Every distinct run of `size` words with its count, sorted.
std::vector<Counted> distinct_ngrams(std::span<const WordId> words, std::size_t size) {
  std::vector<Ngram> all;
  all.reserve(words.size());
  for (std::size_t i = 0; i + size <= words.size(); ++i) {
    Ngram& ngram = all.emplace_back();
    for (std::size_t place = 0; place < size; ++place) ngram.push(place, words[i + place]);
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
  NgramStatistics statistics;
  for (std::size_t size = 1; size <= kMaxOrder; ++size) {
    const std::vector<Counted> ngrams = distinct_ngrams(prediction, size);
    std::vector<std::int64_t> most(ngrams.size(), 0);
    for (const auto& reference : references) raise_to(most, ngrams, distinct_ngrams(reference, size));
    for (std::size_t i = 0; i < ngrams.size(); ++i) {
      statistics.total[size - 1] += ngrams[i].count;
      statistics.correct[size - 1] += std::min(ngrams[i].count, most[i]);
    }
  }
  const auto length = static_cast<std::int64_t>(prediction.size());
  std::pair<std::int64_t, std::int64_t> closest = {-1, -1};  // distance, length
  for (const auto& reference : references) {
    const auto reference_length = static_cast<std::int64_t>(reference.size());
    const std::pair candidate = {std::abs(reference_length - length), reference_length};
    if (closest.first < 0 || candidate < closest) closest = candidate;
  }
  statistics.prediction_length = length;
  statistics.reference_length = closest.second;
  return statistics;
}

}  // namespace midillama::metrics
