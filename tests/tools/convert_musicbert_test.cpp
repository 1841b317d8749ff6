#include "midillama/tools/convert_musicbert.h"

#include "midillama/core/file.h"
#include "midillama/weights/safetensors.h"
#include "model/tiny_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>

namespace midillama::tools {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kGolden = "tests/golden/model/musicbert_checkpoints";
const fs::path kMusicBert = "tests/golden/model/musicbert";

// Largest difference from the hidden states of tests/golden/model/musicbert.
double difference_of(const fs::path& directory) {
  const torch::NoGradGuard no_grad;
  const weights::TensorMap expected = weights::read_safetensors(kMusicBert / "expected.safetensors");
  const torch::Tensor notes = (expected.at("ids").select(2, 0) != 1).unsqueeze(-1);
  model::MusicBert encoder = model::load_musicbert(directory, torch::kCPU, torch::kFloat32);
  return model::largest_difference(encoder->forward(expected.at("ids")) * notes, expected.at("hidden_states") * notes);
}

std::string error_of(const fs::path& checkpoint, const fs::path& directory) {
  try {
    convert_musicbert(checkpoint, directory);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// The port's tensors, changed, in `folder`; with a config.json unless `config` is null.
fs::path changed_port(const fs::path& folder, const std::function<void(weights::TensorMap&)>& change, const Json& config) {
  weights::TensorMap tensors = weights::read_safetensors(kGolden / "port" / "model.safetensors");
  change(tensors);
  weights::write_safetensors(folder / "model.safetensors", tensors);
  if (!config.is_null()) write_atomically(folder / "config.json", config.dump());
  return folder / "model.safetensors";
}

TEST(GoldenConvertMusicBert, FairseqsCheckpointGivesTheSameHiddenStates) {
  const TemporaryDirectory folder;
  const ConvertedMusicBert converted = convert_musicbert(kGolden / "fairseq.pt", folder.path() / "out");
  EXPECT_LT(difference_of(folder.path() / "out"), 1e-5);
  EXPECT_EQ(converted.config.num_hidden_layers, 2);
  EXPECT_EQ(converted.config.num_attention_heads, 2);
  EXPECT_EQ(converted.config.intermediate_size, 12);
  EXPECT_EQ(converted.config.max_position_embeddings, 16);
  EXPECT_EQ(converted.left_out, 6u);
  const weights::TensorMap original = weights::read_safetensors(kMusicBert / "model.safetensors");
  const weights::TensorMap written = weights::read_safetensors(folder.path() / "out" / "model.safetensors");
  ASSERT_EQ(written.size(), original.size());
  for (const auto& [name, tensor] : original) EXPECT_TRUE(at::equal(written.at(name), tensor)) << name;
}

TEST(GoldenConvertMusicBert, HalfPrecisionIsKept) {
  const TemporaryDirectory folder;
  convert_musicbert(kGolden / "fairseq_half.pt", folder.path() / "out");
  const weights::TensorMap original = weights::read_safetensors(kMusicBert / "model.safetensors");
  for (const auto& [name, tensor] : weights::read_safetensors(folder.path() / "out" / "model.safetensors")) {
    EXPECT_TRUE(at::equal(tensor, original.at(name).to(torch::kFloat16))) << name;
  }
  EXPECT_LT(difference_of(folder.path() / "out"), 0.05);
}

TEST(GoldenConvertMusicBert, TheHuggingFacePortGivesTheSameHiddenStates) {
  const TemporaryDirectory folder;
  convert_musicbert(kGolden / "port" / "model.safetensors", folder.path() / "out");
  EXPECT_LT(difference_of(folder.path() / "out"), 1e-5);
}

TEST(ConvertMusicBert, ThePortsPositionsMayBeginWithRowZero) {
  const TemporaryDirectory folder;
  const auto cut = [](weights::TensorMap& tensors) {
    torch::Tensor& table = tensors.at("bert.embeddings.position_embeddings.weight");
    table = table.narrow(0, 2, table.size(0) - 2).clone();
  };
  const fs::path file = changed_port(folder.path(), cut, {{"num_attention_heads", 2}, {"fairseq_position_embeddings", false}});
  EXPECT_EQ(convert_musicbert(file, folder.path() / "out").config.max_position_embeddings, 16);
  EXPECT_LT(difference_of(folder.path() / "out"), 1e-5);
}

TEST(ConvertMusicBert, ListsEveryTensorThatDoesNotFitAndWritesNothing) {
  const TemporaryDirectory folder;
  const auto spoil = [](weights::TensorMap& tensors) {
    tensors.erase("bert.encoder.layer.1.output.dense.bias");
    tensors["bert.encoder.layer.0.attention.self.query.weight"] = torch::ones({8, 4});
    tensors["bert.encoder.layer.0.attention.self.key.bias"] = torch::ones({8}, torch::kInt64);
    tensors["bert.pooler.dense.bias"] = torch::ones({8});
  };
  const fs::path file = changed_port(folder.path(), spoil, {{"num_attention_heads", 2}});
  EXPECT_THAT(error_of(file, folder.path() / "out"),
              AllOf(HasSubstr("model.safetensors: the tensors do not make a MusicBERT:"), HasSubstr("missing: layers.1.fc2.bias"),
                    HasSubstr("unexpected: pooler.dense.bias"),
                    HasSubstr("wrong shape: layers.0.self_attn.q_proj.weight: checkpoint [8, 4], model [8, 8]"),
                    HasSubstr("layers.0.self_attn.k_proj.bias: holds Long, not fractions")));
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
}

TEST(ConvertMusicBert, ChecksDictionaryAndHeads) {
  const TemporaryDirectory folder;
  const auto nothing = [](weights::TensorMap&) {};
  const fs::path out = folder.path() / "out";
  const auto other_dictionary = [](weights::TensorMap& tensors) {
    tensors["bert.embeddings.word_embeddings.weight"] = torch::ones({1000, 8});
  };
  EXPECT_THAT(error_of(changed_port(folder.path() / "a", other_dictionary, {}), out),
              HasSubstr("has 1000 rows; the OctupleMIDI dictionary of MusicBERT has 1237"));
  EXPECT_THAT(error_of(changed_port(folder.path() / "b", nothing, {}), out),
              HasSubstr("encoder_attention_heads: is not in the file, and heads of size 64 do not divide the hidden size 8"));
  EXPECT_THAT(error_of(changed_port(folder.path() / "c", nothing, {{"num_attention_heads", 3}}), out),
              HasSubstr("3 does not divide the hidden size 8"));
  EXPECT_THAT(error_of("tests/golden/weights/torch/values_old.pt", out), HasSubstr("is no tensor with a name"));
  EXPECT_THAT(error_of("tests/golden/weights/torch/command.pt", out), HasSubstr("holds no MusicBERT"));
  EXPECT_THAT(error_of(kGolden / "fairseq.pt", folder.path()), HasSubstr("is there already"));
}

// Kind C18: what changes the numbers is implemented or refused by name.
TEST(ConvertMusicBert, SettingsThatGiveOtherNumbersAreRefused) {
  const TemporaryDirectory folder;
  const auto nothing = [](weights::TensorMap&) {};
  const fs::path out = folder.path() / "out";
  const auto port_with = [&](const char* name, const Json& config) {
    return error_of(changed_port(folder.path() / name, nothing, config), out);
  };
  EXPECT_THAT(port_with("a", {{"num_attention_heads", 2}, {"hidden_act", "relu"}}), HasSubstr("activation_fn: \"relu\" is not supported"));
  EXPECT_THAT(port_with("b", {{"num_attention_heads", 2}, {"num_hidden_layers", 3}}),
              HasSubstr("encoder_layers: is 3, but there are tensors of 2 layers: the file is cut"));
  EXPECT_EQ(port_with("c", {{"num_attention_heads", 2}, {"num_hidden_layers", 2}, {"hidden_act", "gelu"}}), "no error");
}

// Kind A7: the file that was given is named, not the one that was to be written.
TEST(ConvertMusicBert, NumbersThatAreNotFiniteAreRefusedByFileAndTensor) {
  const TemporaryDirectory folder;
  auto bytes = read_bytes(kGolden / "fairseq.pt");
  const weights::TensorMap tensors = weights::read_safetensors(kGolden / "port" / "model.safetensors");
  const torch::Tensor& bias = tensors.at("bert.embeddings.LayerNorm.bias");
  const auto* numbers = static_cast<const std::uint8_t*>(bias.data_ptr());
  const auto found = std::search(bytes.begin(), bytes.end(), numbers, numbers + bias.nbytes());
  ASSERT_NE(found, bytes.end());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(&*found, &nan, sizeof(nan));
  const fs::path file = folder.path() / "fairseq.pt";
  write_atomically(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  EXPECT_THAT(error_of(file, folder.path() / "out"), AllOf(HasSubstr(file.string()), HasSubstr(".bias")));
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
}

TEST(ConvertMusicBert, HeadsOfSize64WhereTheFileDoesNotSay) {
  const TemporaryDirectory folder;
  model::MusicBert encoder(model::MusicBertConfig{1237, 128, 1, 2, 16, 16, 1e-5, 0.0});
  model::initialize_weights(encoder, 1);
  save_musicbert(encoder, folder.path() / "bare");
  fs::remove(folder.path() / "bare" / "config.json");
  EXPECT_EQ(convert_musicbert(folder.path() / "bare" / "model.safetensors", folder.path() / "out").config.num_attention_heads, 2);
}

}  // namespace
}  // namespace midillama::tools
