// Metrics as counts that add up: the counts of some examples are the sums of theirs, and the metric is a function of the sums. So the
// metric of any resample costs no more than adding.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace midillama::metrics {

struct Additive {
  std::size_t width = 0;                                    // counts of one example
  std::vector<double> counts = {};                          // [examples, width]
  double (*value)(std::span<const double> sums) = nullptr;  // not a number where the sums are of no example that counts

  std::size_t examples() const { return width == 0 ? 0 : counts.size() / width; }
  std::span<const double> of(std::size_t example) const { return std::span(counts).subspan(example * width, width); }
  void add(std::span<const double> example) { counts.insert(counts.end(), example.begin(), example.end()); }
  // Of all examples together.
  double value_of_all() const;
};

// What is right out of what is asked, an example each: {right, asked}. An example that asks for nothing is {0, 0}.
Additive shares(std::span<const double> right, std::span<const double> asked);
// The mean of a value an example.
Additive mean_of_each(std::span<const double> values);

// BLEU's counts of an example: matches of 1- to 4-grams, 1- to 4-grams, words of the prediction, words of the closest reference.
inline constexpr std::size_t kBleuCounts = 10;
// bleu() of metrics.h, of examples whose counts these are, [examples, kBleuCounts].
Additive bleu_of_counts(std::vector<double> counts);

}  // namespace midillama::metrics
