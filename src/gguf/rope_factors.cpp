#include "gguf/rope_factors.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace midillama::gguf {

std::vector<double> llama3_factors(const shapes::Llama3RopeScaling& scaling, double rope_theta, std::int64_t head_dim) {
  std::vector<double> factors;
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    const double frequency = std::pow(rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    // How many turns the pair makes in the context that the model was first trained with.
    const double turns = static_cast<double>(scaling.original_max_position_embeddings) * frequency / (2 * std::numbers::pi);
    const double unstretched =
        std::clamp((turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor), 0.0, 1.0);
    factors.push_back(1 / ((1 - unstretched) / scaling.factor + unstretched));
  }
  return factors;
}

std::optional<shapes::Llama3RopeScaling> scaling_of(std::span<const float> factors, std::int64_t original_positions, double rope_theta,
                                                    std::int64_t head_dim) {
  constexpr double kTolerance = 1e-4;
  shapes::Llama3RopeScaling scaling;
  // Float32 holds what was computed of a short decimal.
  scaling.factor = std::round(double{*std::ranges::max_element(factors)} * 1e4) / 1e4;
  scaling.original_max_position_embeddings = original_positions;
  const std::vector<double> expected = llama3_factors(scaling, rope_theta, head_dim);
  const auto is_close = [](float factor, double wanted) { return std::abs(factor - wanted) <= kTolerance * wanted; };
  return std::ranges::equal(factors, expected, is_close) ? std::optional(scaling) : std::nullopt;
}

}  // namespace midillama::gguf
