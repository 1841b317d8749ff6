#include "random_weights.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace midillama::model {
namespace {

torch::Tensor staging(const torch::Tensor& parameter) {
  return torch::empty(parameter.sizes(), torch::kFloat32);
}

}  // namespace

at::Generator seeded_generator(std::uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

void fill_normal(const torch::Tensor& parameter, double standard_deviation, at::Generator generator) {
  const torch::NoGradGuard no_grad;
  parameter.copy_(staging(parameter).normal_(0.0, standard_deviation, std::move(generator)));
}

void fill_linear(const torch::Tensor& parameter, std::int64_t fan_in, at::Generator generator) {
  const torch::NoGradGuard no_grad;
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  parameter.copy_(staging(parameter).uniform_(-bound, bound, std::move(generator)));
}

void fill_constant(const torch::Tensor& parameter, double value) {
  const torch::NoGradGuard no_grad;
  parameter.fill_(value);
}

}  // namespace midillama::model
