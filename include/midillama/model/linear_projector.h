// A clip's vector to a musical token: one linear layer M → T (paper, section 3).
#pragma once

#include "midillama/model/projector.h"

#include <torch/nn/pimpl.h>

#include <filesystem>
#include <string>

namespace midillama::model {

// Parameters `weight` [T, M] and `bias` [T].
//
// Clip embeddings differ strongly in a few directions and weakly in the many others that tell keys and dances apart; an optimizer finds the
// latter only late. So the layer can be trained in whitened coordinates of its input, in which all directions weigh alike. That changes the
// optimizer's path, not what the layer can express: linear() is the same function on the embeddings themselves.
struct LinearProjectorImpl : Projector {
  // Uninitialised.
  LinearProjectorImpl(std::int64_t music_size, std::int64_t hidden_size);

  std::string kind() const override { return "linear"; }
  torch::Tensor project(std::span<const torch::Tensor> clips) override {
    return forward(at::cat(at::TensorList(clips.data(), clips.size())));
  }
  // [..., M] → [..., T]
  torch::Tensor forward(const torch::Tensor& music);

  // projector.safetensors holds linear(), which is checked to give the tokens of the layer that was trained (Error where it does not).
  // Where the layer is whitened, projector_whitened.safetensors holds weight, bias, mean and directions as they are trained.
  void save(const std::filesystem::path& directory) const override;
  void load_to_train(const std::filesystem::path& directory) override;
  void start_whitened(const torch::Tensor& vectors, double scale, std::uint64_t seed) override;
  void start_regressed(const torch::Tensor& vectors, const torch::Tensor& targets, double scale) override;
  Card card() const override;

  // From here on `weight` works on (music - mean) · directions; mean [M], directions [M, M].
  void whiten(const torch::Tensor& mean, const torch::Tensor& directions);
  bool is_whitened() const { return mean.defined(); }

  struct LinearLayer {
    torch::Tensor weight;  // [T, M]
    torch::Tensor bias;    // [T]
  };
  LinearLayer linear() const;

  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor mean, directions;  // buffers; undefined where the layer works on the embeddings themselves

 private:
  void check_plain(const LinearLayer& plain, const std::filesystem::path& directory) const;
};
TORCH_MODULE(LinearProjector);

// Whitens the input by the covariance of `music` [n, M], the clip embeddings of a training set; directions of nearly no variance are not
// blown up. Starts from a random rotation and a random bias (from `seed`), such that the tokens' entries have standard deviation `scale`
// within the set, and their mean over the set too.
void initialize_whitened(LinearProjectorImpl& projector, const torch::Tensor& music, double scale, std::uint64_t seed);

// The same whitening, started from the linear map to `targets` [n, T] by ridge regression; what varies of it over the set has standard
// deviation `scale`.
void initialize_regressed(LinearProjectorImpl& projector, const torch::Tensor& music, const torch::Tensor& targets, double scale);

}  // namespace midillama::model
