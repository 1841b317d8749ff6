// Clip embedding to musical token: one linear layer M → T (paper, section 3).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

namespace midillama::model {

// Parameters `weight` [T, M] and `bias` [T], float32, uninitialised.
struct ProjectorImpl : torch::nn::Module {
  ProjectorImpl(std::int64_t music_size, std::int64_t hidden_size);
  // [..., M] → [..., T]
  torch::Tensor forward(const torch::Tensor& music);

  torch::Tensor weight;
  torch::Tensor bias;
};
TORCH_MODULE(Projector);

}  // namespace midillama::model
