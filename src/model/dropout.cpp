#include "dropout.h"

#include <cmath>
#include <limits>

namespace midillama::model {

torch::Tensor dropout(const torch::Tensor& x, double probability, bool training) {
  if (!training || probability <= 0) return x;
  return x * draw_kept(x, probability).to(x.scalar_type()).mul_(1.0 / (1.0 - probability));
}

torch::Tensor draw_kept(const torch::Tensor& x, double probability) {
  constexpr std::int64_t kDrawsPerWord = 4;
  constexpr long kDraws = 65536;
  const torch::Tensor words = torch::empty({x.numel() / kDrawsPerWord + 1}, x.options().dtype(torch::kInt64).requires_grad(false));
  words.random_(std::numeric_limits<std::int64_t>::min(), std::optional<std::int64_t>());  // all 64 bits
  const torch::Tensor draws = words.view(torch::kInt16).narrow(0, 0, x.numel());
  const auto threshold = std::min(std::lround(probability * kDraws), kDraws - 1) - kDraws / 2;
  return (draws >= threshold).view(x.sizes());
}

}  // namespace midillama::model
