// Seeded initial weights, drawn on the CPU so that every device begins with the same numbers.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace midillama::model {

at::Generator seeded_generator(std::uint64_t seed);

// N(0, std²), in place.
void fill_normal(const torch::Tensor& parameter, double standard_deviation, at::Generator generator);

// Uniform in ±1/√fan_in, in place: what torch::nn::Linear gives its weight and bias (Kaiming-uniform with a = √5).
void fill_linear(const torch::Tensor& parameter, std::int64_t fan_in, at::Generator generator);

void fill_constant(const torch::Tensor& parameter, double value);

}  // namespace midillama::model
