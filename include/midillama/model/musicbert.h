// MusicBERT (Zeng et al. 2021; muzic/musicbert on fairseq's RoBERTa): a post-LN transformer over compound tokens.
#pragma once

#include "midillama/model/encoder_layer.h"
#include "midillama/model/layers.h"
#include "midillama/shapes/musicbert_config.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::model {

using shapes::MusicBertConfig;

// Parameter names equal the checkpoint's after the prefix `encoder.sentence_encoder.` (embed_tokens.weight, downsampling.0.weight,
// layers.N.self_attn.q_proj.weight, …, upsampling.0.weight). They begin uninitialised.
struct MusicBertImpl : torch::nn::Module {
  explicit MusicBertImpl(const MusicBertConfig& config, const torch::TensorOptions& options = {});

  // ids: [batch, octuples, 8] int64, right-padded with <pad> × 8; the first octuple is <s> × 8.
  // → [batch, octuples, hidden_size]: the hidden states before the upsampling layer; zero at padding.
  torch::Tensor forward(const torch::Tensor& ids);
  // [..., octuples, hidden_size] → [..., octuples, 8, hidden_size]: one vector a field.
  torch::Tensor upsample(const torch::Tensor& hidden_states);

  MusicBertConfig config;
  Embedding embed_tokens{nullptr}, embed_positions{nullptr};
  Linear downsampling{nullptr}, upsampling{nullptr};
  LayerNorm emb_layer_norm{nullptr};
  std::vector<EncoderLayer> layers;

 private:
  // ids [batch, seq, 8] without padding, rows of the position table [batch, seq]; `lengths` as EncoderLayer takes them.
  torch::Tensor encode(const torch::Tensor& ids, const torch::Tensor& positions, const std::vector<std::int64_t>& lengths);
};
TORCH_MODULE(MusicBert);

// The masked-token head of pre-training: dense, GELU, LayerNorm, then the embedding table as output matrix and a bias (fairseq's
// RobertaLMHead).
struct MusicBertHeadImpl : torch::nn::Module {
  MusicBertHeadImpl(std::int64_t hidden_size, std::int64_t vocab_size, double layer_norm_eps);
  // features: [n, hidden_size]; embedding: [vocab, hidden_size] → logits [n, vocab]
  torch::Tensor forward(const torch::Tensor& features, const torch::Tensor& embedding);

  Linear dense{nullptr};
  LayerNorm layer_norm{nullptr};
  torch::Tensor bias;  // [vocab]
};
TORCH_MODULE(MusicBertHead);

// For training from scratch, as fairseq: matrices N(0, 0.02²), padding rows and biases zero, norms one.
void initialize_weights(MusicBert& encoder, std::uint64_t seed);
void initialize_weights(MusicBertHead& head, std::uint64_t seed);

// The shape of a directory's encoder, once config.json and the headers of its weight file are found to agree on every name and shape; no
// weight is read. InputError with the whole list where they do not.
MusicBertConfig check_musicbert(const std::filesystem::path& directory);
// A directory's encoder in eval mode, no gradients, every weight accounted for.
MusicBert load_musicbert(const std::filesystem::path& directory, torch::Device device, torch::ScalarType dtype);
// config.json and model.safetensors.
void save_musicbert(MusicBert& encoder, const std::filesystem::path& directory);

}  // namespace midillama::model
