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

// Sets the projector such that `music` [n, M], the clip embeddings of a training set, is projected to tokens with mean 0, uncorrelated
// entries and standard deviation `scale`: a random rotation (from `seed`) of the whitened embeddings. Directions of nearly no variance are
// not blown up.
void initialize_whitened(ProjectorImpl& projector, const torch::Tensor& music, double scale, std::uint64_t seed);

}  // namespace midillama::model
