// How high the right one of several candidates is ranked: mean average precision and hits among the first k, of groups with one right
// candidate each. Ties are pessimistic: a candidate with the right one's score comes before it.
#pragma once

#include "midillama/metrics/additive.h"

#include <cstdint>
#include <span>

namespace midillama::metrics {

// The right candidate's place, from 1 on, among it and the others. A score that is not a number is the lowest. Equal to
// scikit-learn 1.7.2's coverage_error() of one group.
std::int64_t pessimistic_rank(double right, std::span<const double> others);

// The mean of 1 / rank: with one right candidate the average precision of a group is that. Equal to scikit-learn 1.7.2's
// label_ranking_average_precision_score().
Additive mean_average_precision(std::span<const std::int64_t> ranks);
// The share of groups whose right candidate is among the first k.
Additive hits_at(std::int64_t k, std::span<const std::int64_t> ranks);

// What ranking by chance gives on average, exactly: (1 + 1/2 + … + 1/n) / n, and k / n, of n candidates.
double chance_average_precision(std::int64_t candidates);
double chance_hits_at(std::int64_t k, std::int64_t candidates);

}  // namespace midillama::metrics
