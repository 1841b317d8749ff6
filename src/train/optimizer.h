// AdamW (Loshchilov & Hutter 2019) with decoupled weight decay on every parameter, as torch.optim.AdamW.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/train/stage.h"

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace midillama::train {

class AdamW {
 public:
  // Betas, epsilon and weight decay from `config`. The parameters are float32 and have gradients by the first step.
  AdamW(NamedTensors parameters, const config::Train& config);

  void step(double learning_rate);

  // Moments under `<parameter>.exp_avg` and `<parameter>.exp_avg_sq`, the number of steps as `step`.
  void save(const std::filesystem::path& file) const;
  // InputError that lists every moment which is missing, unexpected or of another shape.
  void load(const std::filesystem::path& file);

 private:
  std::vector<std::string> names_;
  std::vector<torch::Tensor> parameters_;
  std::vector<torch::Tensor> first_moments_;
  std::vector<torch::Tensor> second_moments_;
  torch::Tensor steps_;  // [] float32, on the parameters' device
  double beta1_, beta2_, epsilon_, weight_decay_;
};

}  // namespace midillama::train
