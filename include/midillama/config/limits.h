// Bounds that more than one reader holds to.
#pragma once

namespace midillama::config {

// Of lora.alpha, here and in an adapter's own file: a larger one makes infinities of ordinary numbers.
inline constexpr double kLargestAlpha = 1e6;

}  // namespace midillama::config
