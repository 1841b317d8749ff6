// RoBERTa (Liu et al. 2019) as Hugging Face stores it, for BERTScore: the encoder only.
#pragma once

#include "midillama/model/encoder_layer.h"
#include "midillama/model/layers.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace midillama::eval {

struct RobertaConfig {
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t max_position_embeddings = 0;  // rows of the position table: the longest sequence + pad_token_id + 1
  std::int64_t type_vocab_size = 1;
  std::int64_t pad_token_id = 1;
  double layer_norm_eps = 1e-5;

  // config.json; InputError where it is not RoBERTa's or a key is missing.
  static RobertaConfig read(const std::filesystem::path& directory);
  std::int64_t longest() const { return max_position_embeddings - pad_token_id - 1; }
};

struct RobertaImpl : torch::nn::Module {
  // The embeddings and the first `layers` blocks.
  RobertaImpl(const RobertaConfig& config, std::int64_t layers, const torch::TensorOptions& options);

  // ids: [batch, seq] int64, right-padded with pad_token_id -> hidden states [batch, seq, hidden_size] after the last block.
  torch::Tensor forward(const torch::Tensor& ids);

  RobertaConfig config;
  model::Embedding word_embeddings{nullptr}, position_embeddings{nullptr}, token_type_embeddings{nullptr};
  model::LayerNorm layer_norm{nullptr};
  std::vector<model::EncoderLayer> layers;
};
TORCH_MODULE(Roberta);

// The shape of a directory's encoder, once config.json and the headers of its weight files are found to agree on every name and shape up to
// block `layers`; no weight is read. ConfigError where the model has fewer blocks.
RobertaConfig check_roberta(const std::filesystem::path& directory, std::int64_t layers);

// A Hugging Face directory's encoder up to block `layers`, float32, eval mode, every weight of it accounted for.
Roberta load_roberta(const std::filesystem::path& directory, std::int64_t layers, torch::Device device);

}  // namespace midillama::eval
