#include "midillama/model/musicbert.h"

#include "midillama/core/file.h"
#include "midillama/weights/safetensors.h"
#include "tiny_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::model {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kGolden = "tests/golden/model/musicbert";

MusicBertConfig tiny_config() {
  return {1237, 8, 2, 2, 12, 16, 1e-5, 0.0};
}

TEST(GoldenMusicBert, HiddenStatesEqualTheReplica) {
  const torch::NoGradGuard no_grad;
  const weights::TensorMap expected = weights::read_safetensors(kGolden / "expected.safetensors");
  MusicBert encoder = load_musicbert(kGolden, torch::kCPU, torch::kFloat32);
  const torch::Tensor& ids = expected.at("ids");
  const torch::Tensor hidden_states = encoder->forward(ids);
  const torch::Tensor notes = (ids.select(2, 0) != 1).unsqueeze(-1);
  EXPECT_LT(largest_difference(hidden_states * notes, expected.at("hidden_states") * notes), 1e-5);
  EXPECT_LT(largest_difference(encoder->upsample(expected.at("hidden_states")[0]), expected.at("upsampled")), 1e-4);
}

TEST(GoldenMusicBert, HeadEqualsTheReplica) {
  const torch::NoGradGuard no_grad;
  const weights::TensorMap expected = weights::read_safetensors(kGolden / "expected.safetensors");
  MusicBert encoder = load_musicbert(kGolden, torch::kCPU, torch::kFloat32);
  MusicBertHead head(8, 1237, 1e-5);
  const weights::SafetensorsFile file(kGolden / "head.safetensors");
  for (const auto& parameter : head->named_parameters()) file.copy_into(parameter.key(), parameter.value());
  EXPECT_LT(largest_difference(head->forward(expected.at("features"), encoder->embed_tokens->weight), expected.at("logits")), 1e-4);
}

TEST(MusicBert, PaddingChangesNothing) {
  const torch::NoGradGuard no_grad;
  MusicBert encoder = load_musicbert(kGolden, torch::kCPU, torch::kFloat32);
  const torch::Tensor ids = at::randint(4, 1236, {1, 6, 8}, torch::kInt64);
  const torch::Tensor padded = at::cat({ids, at::full({1, 4, 8}, 1, torch::kInt64)}, 1);
  const torch::Tensor hidden_states = encoder->forward(padded);
  EXPECT_LT(largest_difference(hidden_states.narrow(1, 0, 6), encoder->forward(ids)), 1e-5);
  EXPECT_TRUE(at::equal(hidden_states.narrow(1, 6, 4), at::zeros({1, 4, 8})));
}

// RoBERTa's users give a mask instead of lengths.
TEST(EncoderLayer, AMaskHidesWhatLengthsLeaveOut) {
  const torch::NoGradGuard no_grad;
  MusicBert encoder = load_musicbert(kGolden, torch::kCPU, torch::kFloat32);
  EncoderLayer layer = encoder->layers[0];
  const torch::Tensor x = at::randn({2, 5, 8});
  const torch::Tensor mask = torch::tensor({true, true, true, false, false, true, true, true, true, true}).view({2, 1, 1, 5});
  const torch::Tensor masked = layer->forward(x, mask);
  const torch::Tensor packed = layer->forward(at::cat({x[0].narrow(0, 0, 3), x[1]}).unsqueeze(0), {}, {3, 5})[0];
  EXPECT_LT(largest_difference(masked[0].narrow(0, 0, 3), packed.narrow(0, 0, 3)), 1e-5);
  EXPECT_LT(largest_difference(masked[1], packed.narrow(0, 3, 5)), 1e-5);
}

TEST(MusicBert, ComesBackAsSaved) {
  const TemporaryDirectory folder;
  MusicBert encoder(tiny_config());
  initialize_weights(encoder, 1);
  encoder->eval();
  save_musicbert(encoder, folder.path());
  MusicBert loaded = load_musicbert(folder.path(), torch::kCPU, torch::kFloat32);
  const torch::Tensor ids = at::randint(4, 1236, {2, 5, 8}, torch::kInt64);
  EXPECT_TRUE(at::equal(loaded->forward(ids), encoder->forward(ids)));
  EXPECT_FALSE(loaded->forward(ids).requires_grad());
}

TEST(MusicBert, InitialWeightsAreFairseqs) {
  MusicBert encoder(tiny_config());
  initialize_weights(encoder, 1);
  EXPECT_NEAR(encoder->embed_tokens->weight.std().item<double>(), 0.02, 0.001);
  EXPECT_EQ(encoder->embed_tokens->weight[1].abs().max().item<float>(), 0.0f);
  EXPECT_EQ(encoder->embed_positions->weight[1].abs().max().item<float>(), 0.0f);
  EXPECT_TRUE(at::equal(encoder->emb_layer_norm->weight, at::ones({8})));
  EXPECT_TRUE(at::equal(encoder->layers[1]->final_layer_norm->weight, at::ones({8})));
  EXPECT_EQ(encoder->layers[0]->fc1->bias.abs().max().item<float>(), 0.0f);
}

TEST(MusicBert, DropoutActsInTrainingOnly) {
  MusicBertConfig config = tiny_config();
  config.dropout = 0.5;
  MusicBert encoder(config);
  initialize_weights(encoder, 1);
  const torch::Tensor ids = at::randint(4, 1236, {2, 5, 8}, torch::kInt64);
  EXPECT_FALSE(at::equal(encoder->forward(ids), encoder->forward(ids)));
  encoder->eval();
  EXPECT_TRUE(at::equal(encoder->forward(ids), encoder->forward(ids)));
}

TEST(MusicBertConfig, ShowsEveryMistakeAtOnce) {
  const TemporaryDirectory folder;
  const Json json = {
      {"model_type", "bert"}, {"vocab_size", 1000}, {"hidden_size", 9}, {"num_attention_heads", 2}, {"max_position_embeddings", 4}};
  write_atomically(folder.path() / "config.json", json.dump());
  try {
    MusicBertConfig::read(folder.path());
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("config.json"), HasSubstr("model_type: is \"bert\""), HasSubstr("vocab_size: must be 1237"),
                      HasSubstr("num_hidden_layers: is missing"), HasSubstr("intermediate_size: is missing"),
                      HasSubstr("num_attention_heads: 2 does not divide"), HasSubstr("max_position_embeddings: must be at least 5")));
  }
}

}  // namespace
}  // namespace midillama::model
