// Small random models for the tests of this room.
#pragma once

#include "midillama/model/linear_projector.h"
#include "midillama/model/llama.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/musicbert.h"

namespace midillama::model {

inline LlamaConfig tiny_llama_config() {
  LlamaConfig config;
  config.vocab_size = 40;
  config.hidden_size = 16;
  config.intermediate_size = 24;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 4;
  config.max_position_embeddings = 64;
  config.rope_theta = 100.0;
  config.bos_token_id = 1;
  config.eos_token_ids = {2};
  return config;
}

// Weights large enough that attention is far from uniform.
inline void scramble(torch::nn::Module& module, double scale = 20.0) {
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : module.parameters()) {
    if (parameter.dim() > 1) parameter.mul_(scale);
  }
}

inline Llama tiny_llama(const LlamaConfig& config = tiny_llama_config()) {
  Llama llama(config);
  initialize_weights(llama, 3);
  scramble(*llama);
  llama->eval();
  return llama;
}

inline MidiLlama tiny_midi_llama(std::int64_t music_size = 6) {
  MidiLlama model(tiny_llama(), music_size, 5);
  model->eval();
  return model;
}

// Of a model that has one.
inline LinearProjector linear_projector(const MidiLlama& model) {
  return LinearProjector(std::dynamic_pointer_cast<LinearProjectorImpl>(model->projector));
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

// Beside the greatest element of b.
inline double largest_relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return largest_difference(a, b) / b.abs().max().item<double>();
}

}  // namespace midillama::model
