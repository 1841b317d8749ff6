// Networks that tell classes: of piano rolls (model/piano_roll_cnn.h), or of vectors, which a linear layer reads.
#pragma once

#include "midillama/config/schema.h"

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

namespace midillama::model {

class Classifier : public torch::nn::Module {
 public:
  // [batch, channels, steps, pitches] or [batch, M] → [batch, classes] float32
  virtual torch::Tensor logits(const torch::Tensor& inputs) = 0;
  // Before it trains, on the CPU: standardises what its last layer reads over the inputs to learn from.
  using InputOf = std::function<torch::Tensor(std::int64_t input)>;
  virtual void prepare(const InputOf& input_of, std::int64_t inputs) = 0;
};

// For inputs of the shape `input`. Weights are drawn from the seed.
std::shared_ptr<Classifier> make_classifier(const config::Classify& config, at::IntArrayRef input, std::int64_t classes,
                                            std::uint64_t seed);

// The sum of the losses of a batch: `targets` [batch, classes] float32 has 1 for the classes that an input is of. Cross-entropy, or, where
// an input may be of several, that of each class for itself.
torch::Tensor classification_loss(const torch::Tensor& logits, const torch::Tensor& targets, bool multi_label);
// How likely each class is, [batch, classes].
torch::Tensor class_probabilities(const torch::Tensor& logits, bool multi_label);

// Every parameter and buffer under its name in DIRECTORY/model.safetensors; InputError where what is read does not fit.
void save_classifier(const Classifier& classifier, const std::filesystem::path& directory);
void load_classifier(Classifier& classifier, const std::filesystem::path& directory);

}  // namespace midillama::model
