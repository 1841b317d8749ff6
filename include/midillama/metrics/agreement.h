// How far two judges agree.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace midillama::metrics {

// Cohen's kappa of two judges' classes for the same items, unweighted (Cohen 1960): 1 for full agreement, 0 for as much as chance gives.
// Nothing where there are no items, or where both always gave one and the same class, so that chance alone agrees. Error where the lengths
// differ.
std::optional<double> cohen_kappa(std::span<const std::string> one, std::span<const std::string> other);

}  // namespace midillama::metrics
