// Rotary frequencies that a model divides by factors of their own.
#pragma once

#include "midillama/shapes/llama_config.h"

#include <optional>
#include <span>
#include <vector>

namespace midillama::gguf {

// What Llama 3.1 divides each frequency by: one for each pair of a head.
std::vector<double> llama3_factors(const shapes::Llama3RopeScaling& scaling, double rope_theta, std::int64_t head_dim);

// The scaling that has these factors, with the bounds (1 and 4) of all published models; nothing where there is none.
std::optional<shapes::Llama3RopeScaling> scaling_of(std::span<const float> factors, std::int64_t original_positions, double rope_theta,
                                                    std::int64_t head_dim);

}  // namespace midillama::gguf
