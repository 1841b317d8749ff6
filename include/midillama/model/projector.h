// From the encoder's vectors of a clip to the decoder's musical tokens.
//
// A new kind (K tokens, attention pooling, …) is a class in a file of its own, a row in projector.cpp, and a row in
// config/projector_kinds.cpp.
#pragma once

#include "midillama/config/schema.h"

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace midillama::model {

// Its parameters are float32 whatever the decoder's dtype; all of them train.
//
// Clips' vectors differ strongly in a few directions and weakly in the many others that tell keys and dances apart; an optimizer finds the
// latter only late. So the layer that reads the vectors can be trained in whitened coordinates of them, in which all directions weigh
// alike. That changes the optimizer's path, not what a kind can express: plain() is the same function on the vectors themselves.
class Projector : public torch::nn::Module {
 public:
  // config::ProjectorKind::name
  virtual std::string kind() const = 0;
  // How many musical tokens a clip of so many vectors becomes.
  virtual std::int64_t tokens(std::int64_t vectors) const { return vectors; }
  // Clips, [n, M] float32 each on the parameters' device (n vectors: K of a pooled clip, or one a note) → the musical tokens of all of
  // them, one clip after the other, [Σ tokens(n), T] float32.
  virtual torch::Tensor project(std::span<const torch::Tensor> clips) = 0;

  // <directory>/projector.safetensors: the parameters under their names, and the kind in the metadata (none: linear). Of a whitened
  // projector these are the plain ones, which are checked to give what was trained (Error where they do not), and
  // projector_whitened.safetensors holds parameters, mean and directions as they are trained.
  void save(const std::filesystem::path& directory) const;
  // The reverse. InputError with the whole list where the file's kind, names or shapes are others.
  void load(const std::filesystem::path& directory);
  // After load(), to go on training bit for bit with what save() wrote beside projector.safetensors, where there is such a thing.
  void load_to_train(const std::filesystem::path& directory);

  // Whitens by the clips of a training set and starts from random weights (from `seed`), such that the tokens' entries have about standard
  // deviation `scale` within the set, and their mean over the set too: projector.initialization whitened.
  void start_whitened(std::span<const torch::Tensor> clips, double scale, std::uint64_t seed);
  // The same whitening, started from a regression of `targets` [n, T] on the clips' vectors [n, M]: projector.initialization answers.
  // ConfigError where the kind has no such start.
  virtual void start_regressed(const torch::Tensor& vectors, const torch::Tensor& targets, double scale);
  // From here on each token is factor · token + shift [T].
  void change_tokens(double factor, const torch::Tensor& shift);

  // From here on vectors are read as (x - mean) · directions; mean [M], directions [M, M].
  void whiten(const torch::Tensor& mean, const torch::Tensor& directions);
  bool is_whitened() const { return mean.defined(); }
  torch::Tensor mean, directions;  // buffers; undefined where vectors are read as they are

  struct Layer {
    torch::Tensor weight;  // [out, in]
    torch::Tensor bias;    // [out]
  };
  // The layer that reads the vectors, as one that reads them as they are.
  Layer plain() const;

  // For the README of an exported checkpoint: what projector.safetensors holds, and PyTorch for the musical tokens of `clip` [1, n, M],
  // where `projector` is the loaded file.
  struct Card {
    std::string tensors;
    std::string python;
  };
  virtual Card card() const = 0;

 protected:
  // What the parameters of the layer that reads the vectors, and of the one that writes the tokens, are called before `weight` and `bias`.
  virtual std::string reads() const = 0;
  virtual std::string writes() const = 0;
  // What of the clips is to be told apart, [n, M]: their vectors.
  virtual torch::Tensor samples(std::span<const torch::Tensor> clips) const;
  // Random weights for vectors that are whitened.
  virtual void draw_weights(std::span<const torch::Tensor> clips, double scale, const at::Generator& generator) = 0;

  // [n, M], whitened where the projector is.
  torch::Tensor whitened(const torch::Tensor& vectors) const;
  void whiten_by(const torch::Tensor& samples);

 private:
  Layer layer(const std::string& prefix) const;
};

// Initialised like torch::nn::Linear, from `seed`. M = music_size, T = hidden_size. ConfigError where the kind is unknown.
std::shared_ptr<Projector> make_projector(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                          std::uint64_t seed);

}  // namespace midillama::model
