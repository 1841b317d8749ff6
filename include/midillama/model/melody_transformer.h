// Tells whether a phrase follows another: a decoder-only transformer that reads both, note by note (melody/tokens.h).
//
// It tells which note is next, and so how likely the second phrase is after the first and by itself. The ratio of the two is the evidence
// that it follows; after each of its notes the transformer votes beside that, with what it has heard of both.
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
  torch::Tensor log_odds;  // [pairs] float32: that the second phrase follows the first
  // [pairs] float32: the mean cross-entropy of the second phrase's notes, of pitch and duration, after the first phrase and by itself
  torch::Tensor losses_after, losses_alone;
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
  torch::Tensor evidence_weight;  // [] of the mean evidence of a note

 private:
  // Hidden states from the mark between the phrases to the end mark: [sum of (second + 2), hidden_size].
  torch::Tensor hidden_states(std::span<const melody::PairTokens> pairs);
  // From those: the cross-entropy of each note of the second phrases, [sum of second].
  torch::Tensor note_losses(const torch::Tensor& hidden, std::span<const melody::PairTokens> pairs);
};
TORCH_MODULE(MelodyTransformer);

// As a Llama's; votes begin at zero, the evidence of a note counts as that of a few.
void initialize_weights(MelodyTransformer& model, std::uint64_t seed);

// DIRECTORY/model.safetensors.
void save_melody_transformer(MelodyTransformer& model, const std::filesystem::path& directory);
// With every weight accounted for.
void load_weights(MelodyTransformer& model, const std::filesystem::path& directory);

}  // namespace midillama::model
