// Tells whether a phrase follows another: a decoder-only transformer that reads both, note by note (melody/tokens.h).
//
// After each note of the second phrase it has heard the first and the second so far. What it says there is trained in two ways: whether the
// second follows the first, and, where it does, which note is next.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/melody/tokens.h"
#include "midillama/model/llama.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <filesystem>
#include <span>

namespace midillama::model {

struct JudgedPairs {
  torch::Tensor log_odds;     // [pairs] float32: that the second phrase follows the first
  torch::Tensor note_losses;  // [pairs] float32: the mean cross-entropy of the second phrase's notes, of pitch and duration
};

// The body is a Llama whose table has a row for every id of every field; a token's vector is the sum of its fields' rows. In training mode
// dropout acts on those sums. Parameters begin uninitialised.
struct MelodyTransformerImpl : torch::nn::Module {
  explicit MelodyTransformerImpl(const config::Melody& config, const torch::TensorOptions& options = {});

  JudgedPairs forward(std::span<const melody::PairTokens> pairs);

  melody::Vocabulary vocabulary;
  double dropout;
  Llama decoder{nullptr};
  Linear decision{nullptr};

 private:
  // Hidden states from the mark between the phrases to the end mark: [sum of (second + 2), hidden_size].
  torch::Tensor hidden_states(std::span<const melody::PairTokens> pairs);
  torch::Tensor note_losses(const torch::Tensor& hidden, std::span<const melody::PairTokens> pairs);
};
TORCH_MODULE(MelodyTransformer);

// As a Llama's; the decision begins at zero.
void initialize_weights(MelodyTransformer& model, std::uint64_t seed);

// DIRECTORY/model.safetensors.
void save_melody_transformer(MelodyTransformer& model, const std::filesystem::path& directory);
// With every weight accounted for.
void load_weights(MelodyTransformer& model, const std::filesystem::path& directory);

}  // namespace midillama::model
