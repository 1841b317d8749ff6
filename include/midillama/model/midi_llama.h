// The whole model after the encoder: projector, musical tokens spliced into the text, decoder.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/llama.h"
#include "midillama/model/lora.h"
#include "midillama/model/projector.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::model {

// One example's text and its clip's vectors.
struct MusicText {
  std::vector<std::int64_t> input_ids;  // without musical tokens
  std::vector<std::int64_t> labels;     // same length, -100 where no loss is taken; empty for generation
  std::int64_t music_position = 0;      // musical tokens come before input_ids[music_position]
  torch::Tensor music;                  // [n, M] float32 vectors of the clip, K of them where pooled; undefined: no musical tokens at all
};

inline constexpr std::int64_t kNoLabel = -100;

// Sum of the answer tokens' cross-entropies over a batch, and how many there were.
struct LossSum {
  torch::Tensor sum;          // [] float32, with gradient
  torch::Tensor per_example;  // [batch] float32 sums, detached
  std::int64_t target_tokens = 0;
  std::vector<std::int64_t> targets_per_example;
};

struct MidiLlamaImpl : torch::nn::Module {
  // The decoder is frozen. `projector`: nothing for a model that hears no musical tokens (the clip may be text in its prompt).
  MidiLlamaImpl(Llama llama, std::shared_ptr<Projector> projector);
  // With a linear projector, initialised from `seed`. music_size = M.
  MidiLlamaImpl(Llama llama, std::int64_t music_size, std::uint64_t seed);

  // Adds LoRA adapters to the decoder (once) wherever a linear layer's name is or ends in one of the target modules; A Kaiming-uniform from
  // `seed`, B zero.
  void add_lora(const config::Lora& lora, std::uint64_t seed);

  // How many musical tokens are spliced into an example.
  std::int64_t music_tokens(const MusicText& example) const;
  // Clips [n, M] each → the musical tokens of all of them one after the other, [.., T] in the decoder's dtype.
  torch::Tensor project(std::span<const torch::Tensor> clips);
  torch::Tensor project(const torch::Tensor& clip) { return project(std::span(&clip, 1)); }

  // Text embeddings with the musical tokens in their place, one row an example: [length, hidden_size] each. Error for token ids outside the
  // vocabulary.
  std::vector<torch::Tensor> splice(std::span<const MusicText> batch);

  // Next-token loss on the labels: the label of a token is predicted from the token before it in the spliced row, musical or not (the first
  // token of a row has none before it and is passed over). Rows are laid end to end without padding; logits are
  // computed at label positions only.
  LossSum loss(std::span<const MusicText> batch);

  Llama llama{nullptr};
  std::shared_ptr<Projector> projector;
  std::optional<config::Lora> lora;  // what add_lora was given
};
TORCH_MODULE(MidiLlama);

// <directory>/projector.safetensors where the model has a projector and, where it has adapters, <directory>/adapter/ in PEFT's layout
// (`base_model_name_or_path` is llm_path). float32 whatever the decoder's dtype.
void save_trained(MidiLlama& model, const std::filesystem::path& directory, const std::string& llm_path);
// The reverse. An adapter in the directory is added to a model without one, with its own rank, alpha and targets (dropout from the file); a
// model that has one must have been given the same rank, alpha and targets. A projector of another shape, a missing, unexpected or
// mis-shaped adapter weight is an InputError with the whole list; so is a directory without an adapter for a model that has one (load an
// align checkpoint before add_lora).
void load_trained(MidiLlama& model, const std::filesystem::path& directory);

}  // namespace midillama::model
