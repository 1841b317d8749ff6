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
class Projector : public torch::nn::Module {
 public:
  // config::ProjectorKind::name
  virtual std::string kind() const = 0;
  // How many musical tokens a clip of so many vectors becomes.
  virtual std::int64_t tokens(std::int64_t vectors) const { return vectors; }
  // Clips, [n, M] float32 each on the parameters' device (n vectors: K of a pooled clip, or one a note) → the musical tokens of all of
  // them, one clip after the other, [Σ tokens(n), T] float32.
  virtual torch::Tensor project(std::span<const torch::Tensor> clips) = 0;

  // <directory>/projector.safetensors: the parameters under their names, and the kind in the metadata (none: linear).
  virtual void save(const std::filesystem::path& directory) const;
  // The reverse. InputError with the whole list where the file's kind, names or shapes are others.
  virtual void load(const std::filesystem::path& directory);
  // After load(), to go on training bit for bit with what save() wrote beside projector.safetensors, where there is such a thing.
  virtual void load_to_train(const std::filesystem::path& directory) { (void)directory; }
  // Starts from the clips of a training set, `vectors` [n, M]: projector.initialization whitened. `scale`: of the tokens' entries. Error
  // where the kind has no such start.
  virtual void start_whitened(const torch::Tensor& vectors, double scale, std::uint64_t seed);
  // The same from a regression of `targets` [n, T] on the clips: projector.initialization answers.
  virtual void start_regressed(const torch::Tensor& vectors, const torch::Tensor& targets, double scale);

  // For the README of an exported checkpoint: what projector.safetensors holds, and PyTorch for the musical tokens of `clip` [1, n, M],
  // where `projector` is the loaded file.
  struct Card {
    std::string tensors;
    std::string python;
  };
  virtual Card card() const = 0;
};

// Initialised like torch::nn::Linear, from `seed`. M = music_size, T = hidden_size. ConfigError where the kind is unknown.
std::shared_ptr<Projector> make_projector(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                          std::uint64_t seed);

}  // namespace midillama::model
