// What comparisons by several judges say, and how far the judges agree: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace midillama::metrics {

// Krippendorff's alpha for nominal values (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"; the package krippendorff
// 0.9.0). A unit holds the categories that its judges named; units with fewer than two count for nothing. Nothing where no unit has two
// judgments, or all judgments are the same: then chance is not known.
std::optional<double> krippendorff_alpha(std::span<const std::vector<int>> units);

// The two-sided exact sign test: how likely a split at least as uneven is where both are as good (scipy.stats.binomtest). 1 without trials.
double sign_test(std::int64_t wins, std::int64_t losses);

// P-values of a family of tests after Holm's step-down correction, in the order given (statsmodels' multipletests, method "holm").
std::vector<double> holm(std::span<const double> p_values);

// Log-strengths of the Bradley-Terry model, of mean 0, by maximum likelihood: i is preferred to j with probability
// 1 / (1 + exp(strength_j - strength_i)). `wins[i][j]`: how often i was preferred to j; parts of a comparison are allowed (a tie is half
// a win for each). By Hunter's MM algorithm (2004); choix 0.4.1 gives the same. Error where there is no maximum: one of them, or some of
// them together, never won against the others.
std::vector<double> bradley_terry(const std::vector<std::vector<double>>& wins);

}  // namespace midillama::metrics
