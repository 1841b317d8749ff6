// What BLEU counts: clipped n-gram matches of a prediction against its references, for n = 1 to 4.
#pragma once

#include "metrics/vocabulary.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace midillama::metrics {

inline constexpr std::size_t kMaxOrder = 4;

struct NgramStatistics {
  std::array<std::int64_t, kMaxOrder> correct{};  // by n - 1; each n-gram at most as often as in the reference that has it most often
  std::array<std::int64_t, kMaxOrder> total{};
  std::int64_t prediction_length = 0;
  std::int64_t reference_length = 0;  // of the reference closest in length, the shorter of two

  NgramStatistics& operator+=(const NgramStatistics& other);
  // exp(1 - reference / prediction) where the prediction is shorter, 1 otherwise.
  double brevity_penalty() const;
};

// `references` is not empty.
NgramStatistics count_ngrams(std::span<const WordId> prediction, std::span<const std::vector<WordId>> references);

}  // namespace midillama::metrics
