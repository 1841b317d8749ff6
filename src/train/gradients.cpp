#include "train/gradients.h"

#include "midillama/core/error.h"

#include <algorithm>

namespace midillama::train {

Gradients::Gradients(const NamedTensors& parameters) {
  std::int64_t count = 0;
  for (const auto& [name, parameter] : parameters) {
    if (parameter.scalar_type() != torch::kFloat32) throw Error(name + ": only float32 parameters train");
    count += parameter.numel();
  }
  all_ = torch::zeros({count}, parameters.at(0).second.options().requires_grad(false));
  std::int64_t offset = 0;
  for (const auto& [name, parameter] : parameters) {
    parameter.mutable_grad() = all_.narrow(0, offset, parameter.numel()).view(parameter.sizes());
    offset += parameter.numel();
  }
}

void Gradients::zero() {
  all_.zero_();
}

void Gradients::sum_over_ranks(parallel::ProcessGroup& group) {
  group.all_reduce_sum(all_);
}

double Gradients::clip(double max_norm) {
  const double norm = all_.norm().item<double>();
  if (max_norm > 0) all_ *= std::min(1.0, max_norm / (norm + 1e-6));
  return norm;
}

}  // namespace midillama::train
