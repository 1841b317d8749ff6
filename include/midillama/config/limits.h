// Bounds that more than one reader holds to.
#pragma once

namespace midillama::config {

// Of what weights and gradients are multiplied by (lora.alpha, here and in an adapter's own file; rates of training): a larger one makes
// infinities of ordinary numbers.
inline constexpr double kLargestFactor = 1e6;

}  // namespace midillama::config
