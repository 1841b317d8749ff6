// The gradients of everything that trains, in one tensor: averaging over ranks is one call, so is clipping.
#pragma once

#include "midillama/parallel/process_group.h"
#include "midillama/train/stage.h"

#include <torch/types.h>

namespace midillama::train {

class Gradients {
 public:
  // Gives each parameter a view of the common tensor as its gradient. The backward pass adds to it.
  explicit Gradients(const NamedTensors& parameters);

  void zero();
  void sum_over_ranks(parallel::ProcessGroup& group);
  // Scales the gradients as torch.nn.utils.clip_grad_norm_ does: by max_norm / (norm + 1e-6), at most 1. 0: no clipping. Returns the norm
  // before.
  double clip(double max_norm);

 private:
  torch::Tensor all_;  // [number of trained parameters] float32
};

}  // namespace midillama::train
