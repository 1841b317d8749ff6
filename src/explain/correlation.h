// How far two lists of numbers agree.
#pragma once

#include <optional>
#include <span>

namespace midillama::explain {

// Pearson's correlation of two lists of one length; nothing where one of them is constant.
std::optional<double> pearson(std::span<const double> a, std::span<const double> b);
// Spearman's: of the ranks, equal values sharing the mean of theirs.
std::optional<double> spearman(std::span<const double> a, std::span<const double> b);

}  // namespace midillama::explain
