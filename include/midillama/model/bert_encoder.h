// BERT (Devlin et al. 2019) and RoBERTa (Liu et al. 2019) as Hugging Face stores them: the encoder only, for BERTScore.
#pragma once

#include "midillama/model/encoder_layer.h"
#include "midillama/model/layers.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace midillama::model {

struct BertConfig {
  enum class Family { bert, roberta } family = Family::bert;
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t max_position_embeddings = 0;  // rows of the position table
  std::int64_t type_vocab_size = 1;
  std::int64_t pad_token_id = 0;
  double layer_norm_eps = 1e-12;
  Gelu gelu = Gelu::exact;

  // config.json; InputError where it is neither's or a key is missing.
  static BertConfig read(const std::filesystem::path& directory);
  // RoBERTa counts positions from pad_token_id + 1 on, BERT from 0.
  std::int64_t first_position() const { return family == Family::roberta ? pad_token_id + 1 : 0; }
  // Tokens of the longest sequence.
  std::int64_t longest() const { return max_position_embeddings - first_position(); }
};

struct BertEncoderImpl : torch::nn::Module {
  // The embeddings and the first `layers` blocks.
  BertEncoderImpl(const BertConfig& config, std::int64_t layers, const torch::TensorOptions& options);

  // ids: [batch, seq] int64, right-padded with pad_token_id, all of token type 0 -> hidden states [batch, seq, hidden_size] after the last
  // block.
  torch::Tensor forward(const torch::Tensor& ids);

  BertConfig config;
  Embedding word_embeddings{nullptr}, position_embeddings{nullptr}, token_type_embeddings{nullptr};
  LayerNorm layer_norm{nullptr};
  std::vector<EncoderLayer> layers;
};
TORCH_MODULE(BertEncoder);

// The shape of a directory's encoder, once config.json and the headers of its weight files are found to agree on every name and shape up to
// block `layers`; no weight is read. ConfigError (key eval.bertscore.layer) where the model has fewer blocks.
BertConfig check_bert_encoder(const std::filesystem::path& directory, std::int64_t layers);

// A Hugging Face directory's encoder up to block `layers`, float32, eval mode, every weight of it accounted for.
BertEncoder load_bert_encoder(const std::filesystem::path& directory, std::int64_t layers, torch::Device device);

}  // namespace midillama::model
