// A clip's vector to a musical token: one linear layer M → T (paper, section 3).
#pragma once

#include "midillama/model/projector.h"

#include <torch/nn/pimpl.h>

#include <string>

namespace midillama::model {

// Parameters `weight` [T, M] and `bias` [T].
struct LinearProjectorImpl : Projector {
  // Uninitialised.
  LinearProjectorImpl(std::int64_t music_size, std::int64_t hidden_size);

  std::string kind() const override { return "linear"; }
  torch::Tensor project(std::span<const torch::Tensor> clips) override {
    return forward(at::cat(at::TensorList(clips.data(), clips.size())));
  }
  // [..., M] → [..., T]
  torch::Tensor forward(const torch::Tensor& music);

  // The linear map to the targets by ridge regression; what varies of it over the set has standard deviation `scale`.
  void start_regressed(const torch::Tensor& vectors, const torch::Tensor& targets, double scale) override;
  Card card() const override;

  torch::Tensor weight;
  torch::Tensor bias;

 protected:
  std::string reads() const override { return ""; }
  std::string writes() const override { return ""; }
  void draw_weights(std::span<const torch::Tensor> clips, double scale, const at::Generator& generator) override;
};
TORCH_MODULE(LinearProjector);

}  // namespace midillama::model
