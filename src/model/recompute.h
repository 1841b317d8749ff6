// Activation checkpointing (Chen et al. 2016).
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace midillama::model {

// function(x), of which only x is kept for the backward pass; that runs the function again, with the same random draws and the same
// autocast. `parameters`: the tensors beside x that the function reads and that take a gradient.
torch::Tensor recomputed(const std::function<torch::Tensor(const torch::Tensor&)>& function, const torch::Tensor& x,
                         const std::vector<torch::Tensor>& parameters);

}  // namespace midillama::model
