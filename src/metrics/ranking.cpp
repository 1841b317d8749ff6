#include "midillama/metrics/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace midillama::metrics {
namespace {

double comparable(double score) {
  return std::isnan(score) ? -std::numeric_limits<double>::infinity() : score;
}

}  // namespace

std::int64_t pessimistic_rank(double right, std::span<const double> others) {
  return 1 + std::ranges::count_if(others, [&](double other) { return comparable(other) >= comparable(right); });
}

Additive mean_average_precision(std::span<const std::int64_t> ranks) {
  std::vector<double> precision;
  for (const std::int64_t rank : ranks) precision.push_back(1 / static_cast<double>(rank));
  return mean_of_each(precision);
}

Additive hits_at(std::int64_t k, std::span<const std::int64_t> ranks) {
  std::vector<double> hits;
  for (const std::int64_t rank : ranks) hits.push_back(rank <= k ? 1 : 0);
  return mean_of_each(hits);
}

double chance_average_precision(std::int64_t candidates) {
  double sum = 0;
  for (std::int64_t rank = 1; rank <= candidates; ++rank) sum += 1 / static_cast<double>(rank);
  return sum / static_cast<double>(candidates);
}

double chance_hits_at(std::int64_t k, std::int64_t candidates) {
  return static_cast<double>(std::min(k, candidates)) / static_cast<double>(candidates);
}

}  // namespace midillama::metrics
