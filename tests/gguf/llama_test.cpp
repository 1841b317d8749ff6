#include "midillama/gguf/llama.h"

#include "gguf/gguf_bytes.h"
#include "gguf/rope_factors.h"
#include "midillama/core/file.h"
#include "midillama/gguf/tokenizer.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace midillama::gguf {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// One layer of hidden size 4, two heads of size 4, one for keys and values; 3 tokens; every element of a tensor is its row.
class GgufLlama : public testing::Test {
 protected:
  struct Named {
    std::string name;
    std::vector<std::uint64_t> dimensions;  // columns first
  };

  std::vector<std::string> pairs = {text_pair("general.architecture", "llama"),
                                    integer_pair("llama.context_length", 64),
                                    integer_pair("llama.embedding_length", 4),
                                    integer_pair("llama.block_count", 1),
                                    integer_pair("llama.feed_forward_length", 6),
                                    integer_pair("llama.attention.head_count", 2),
                                    integer_pair("llama.attention.head_count_kv", 1),
                                    integer_pair("llama.attention.key_length", 4),
                                    number_pair("llama.attention.layer_norm_rms_epsilon", 1e-5F)};
  std::vector<Named> tensors = {{"token_embd.weight", {4, 3}},        {"output_norm.weight", {4}},      {"blk.0.attn_norm.weight", {4}},
                                {"blk.0.attn_q.weight", {4, 8}},      {"blk.0.attn_k.weight", {4, 4}},  {"blk.0.attn_v.weight", {4, 4}},
                                {"blk.0.attn_output.weight", {8, 4}}, {"blk.0.ffn_norm.weight", {4}},   {"blk.0.ffn_gate.weight", {4, 6}},
                                {"blk.0.ffn_up.weight", {4, 6}},      {"blk.0.ffn_down.weight", {6, 4}}};

  File file() const {
    std::vector<std::string> infos;
    std::string data;
    for (const auto& [name, dimensions] : tensors) {
      infos.push_back(tensor(name, dimensions, 0, data.size()));
      const std::uint64_t rows = dimensions.size() < 2 ? 1 : dimensions[1];
      for (std::uint64_t row = 0; row < rows; ++row) {
        for (std::uint64_t column = 0; column < dimensions[0]; ++column) data += raw(static_cast<float>(row));
      }
      data.resize((data.size() + 31) / 32 * 32, '\0');
    }
    return File(write_bytes(folder.path() / "model.gguf", gguf_bytes(pairs, infos, data)));
  }
  void set(const std::string& key, const std::string& changed) {
    std::erase_if(pairs, [&](const std::string& pair) { return pair.starts_with(raw_text(key)); });
    if (!changed.empty()) pairs.push_back(changed);
  }
  std::string error() const {
    return testing_support::error_of([&] { read_llama(file()); });
  }

  TemporaryDirectory folder;
};

std::vector<float> rows_of(const File& file, const LlamaTensor& tensor) {
  std::vector<float> elements(static_cast<std::size_t>(tensor.tensor.rows() * tensor.tensor.columns()));
  read_rows(file, tensor, 0, elements);
  std::vector<float> rows;
  for (std::size_t i = 0; i < elements.size(); i += static_cast<std::size_t>(tensor.tensor.columns())) rows.push_back(elements[i]);
  return rows;
}

TEST_F(GgufLlama, SettingsAreTheConfiguration) {
  set("llama.rope.freq_base", number_pair("llama.rope.freq_base", 5e5F));
  const shapes::LlamaConfig config = read_llama(file()).config;
  EXPECT_EQ(config.vocab_size, 3);
  EXPECT_EQ(config.hidden_size, 4);
  EXPECT_EQ(config.intermediate_size, 6);
  EXPECT_EQ(config.num_hidden_layers, 1);
  EXPECT_EQ(config.num_attention_heads, 2);
  EXPECT_EQ(config.num_key_value_heads, 1);
  EXPECT_EQ(config.head_dim, 4);
  EXPECT_EQ(config.max_position_embeddings, 64);
  EXPECT_EQ(config.rms_norm_eps, 1e-5);
  EXPECT_EQ(config.rope_theta, 5e5);
  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_FALSE(config.rope_scaling);
}

TEST_F(GgufLlama, HalvesOfEachHeadComeOneAfterTheOther) {
  const File whole = file();
  const Llama llama = read_llama(whole);
  EXPECT_THAT(rows_of(whole, llama.tensors.at("model.layers.0.self_attn.q_proj.weight")), ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
  EXPECT_THAT(rows_of(whole, llama.tensors.at("model.layers.0.self_attn.k_proj.weight")), ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(rows_of(whole, llama.tensors.at("model.layers.0.self_attn.v_proj.weight")), ElementsAre(0, 1, 2, 3));
}

TEST_F(GgufLlama, AHeadOfItsOwnIsNotTied) {
  tensors.push_back({"output.weight", {4, 3}});
  const Llama llama = read_llama(file());
  EXPECT_FALSE(llama.config.tie_word_embeddings);
  EXPECT_EQ(llama.tensors.at("lm_head.weight").source, "output.weight");
}

TEST_F(GgufLlama, TensorsThatDoNotFitAreListed) {
  std::erase_if(tensors, [](const Named& named) { return named.name == "blk.0.ffn_norm.weight"; });
  tensors.push_back({"blk.0.attn_q.bias", {8}});
  tensors.front().dimensions = {5, 3};
  EXPECT_THAT(error(), AllOf(HasSubstr("\n  missing: blk.0.ffn_norm.weight"), HasSubstr("\n  unexpected: blk.0.attn_q.bias"),
                             HasSubstr("\n  token_embd.weight: [3, 5] in the file, [3, 4] was expected")));
}

TEST_F(GgufLlama, WhatIsNotImplementedIsRefusedByName) {
  const struct {
    std::string key, pair, error;
  } cases[] = {
      {"general.architecture", text_pair("general.architecture", "qwen2"), "general.architecture: is qwen2; only llama is implemented"},
      {"general.architecture", "", "general.architecture: is missing"},
      {"split.count", integer_pair("split.count", 3), "split.count: the file is one of 3 parts; llama.cpp's `llama-gguf-split --merge"},
      {"llama.context_length", "", "llama.context_length: is missing"},
      {"llama.block_count", integer_pair("llama.block_count", 4000), "llama.block_count: must be from 1 to 1024, is 4000"},
      {"llama.expert_count", integer_pair("llama.expert_count", 8), "llama.expert_count: is 8: mixtures of experts"},
      {"llama.rope.scaling.type", text_pair("llama.rope.scaling.type", "yarn"),
       "llama.rope.scaling.type: is yarn: positions scaled in this way"},
      {"llama.rope.scaling.factor", number_pair("llama.rope.scaling.factor", 4), "llama.rope.scaling.factor: is 4: scaled positions"},
      {"llama.rope.scale_linear", number_pair("llama.rope.scale_linear", 4), "llama.rope.scale_linear: is 4: scaled positions"},
      {"llama.vocab_size", integer_pair("llama.vocab_size", 500), "llama.vocab_size: is 500: token_embd.weight has another number of rows"},
      {"llama.logit_scale", number_pair("llama.logit_scale", 0.5F), "llama.logit_scale: is not implemented"},
      {"llama.attention.sliding_window", integer_pair("llama.attention.sliding_window", 8), "sliding_window: is not implemented"},
      {"llama.rope.dimension_count", integer_pair("llama.rope.dimension_count", 2), "llama.rope.dimension_count: is 2: rotating a part"},
      {"llama.attention.value_length", integer_pair("llama.attention.value_length", 8), "values of another size than keys"},
      {"llama.attention.layer_norm_rms_epsilon", number_pair("llama.attention.layer_norm_rms_epsilon", 0),
       "llama.attention.layer_norm_rms_epsilon: must be a positive number, is 0"},
  };
  const std::vector<std::string> whole = pairs;
  for (const auto& [key, pair, expected] : cases) {
    pairs = whole;
    set(key, pair);
    EXPECT_THAT(error(), HasSubstr(expected));
  }
}

TEST_F(GgufLlama, MistakesInSettingsAreShownTogether) {
  set("llama.context_length", "");
  set("llama.expert_count", integer_pair("llama.expert_count", 8));
  EXPECT_THAT(error(), AllOf(HasSubstr("llama.context_length: is missing; "), HasSubstr("llama.expert_count: is 8")));
}

TEST(GgufRopeFactors, TheScalingIsToldFromThem) {
  const shapes::Llama3RopeScaling scaling = {32.0, 1.0, 4.0, 8192};
  std::vector<float> factors;
  for (const double factor : llama3_factors(scaling, 5e5, 64)) factors.push_back(static_cast<float>(factor));
  EXPECT_EQ(factors.front(), 1);
  EXPECT_EQ(factors.back(), 32);
  const auto found = scaling_of(factors, 8192, 5e5, 64);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->factor, 32);
  EXPECT_EQ(found->original_max_position_embeddings, 8192);
  EXPECT_FALSE(scaling_of(factors, 4096, 5e5, 64));
  EXPECT_FALSE(scaling_of(factors, 8192, 1e4, 64));
}

// The factors in the file are what transformers made of the frequencies.
TEST(GoldenGgufLlama, StretchedFrequenciesAreLlama31s) {
  const Llama llama = read_llama(File("tests/golden/gguf/tied.gguf"));
  ASSERT_TRUE(llama.config.rope_scaling);
  EXPECT_EQ(llama.config.rope_scaling->factor, 8);
  EXPECT_EQ(llama.config.rope_scaling->low_freq_factor, 1);
  EXPECT_EQ(llama.config.rope_scaling->high_freq_factor, 4);
  EXPECT_EQ(llama.config.rope_scaling->original_max_position_embeddings, 16);
  EXPECT_FALSE(read_llama(File("tests/golden/gguf/untied.gguf")).config.rope_scaling);
}

// Whatever is changed: an error that names the file, or a model and a tokenizer.
TEST(GgufSmallFiles, ChangedOnesAreReadOrRefused) {
  const TemporaryDirectory folder;
  const std::filesystem::path path = folder.path() / "model.gguf";
  std::mt19937 generator(5);
  const auto random = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(generator); };
  const auto is_refused = [&](const auto& read) {
    const std::string error = testing_support::error_of(read);
    EXPECT_TRUE(error == "no error" || error.find(path.string()) != std::string::npos) << error;
    return error != "no error";
  };
  for (const char* name : {"whole.gguf", "byte_level.gguf"}) {
    const std::string whole = read_binary("tests/golden/gguf/small/" + std::string(name));
    std::size_t refused = 0;
    for (int round = 0; round < 1000; ++round) {
      std::string bytes = whole;
      for (std::size_t change = random(4) + 1; change > 0; --change) bytes[random(bytes.size())] = static_cast<char>(random(256));
      write_bytes(path, bytes);
      refused += is_refused([&] { read_tokenizer(File(path)); }) ? 1 : 0;
      refused += is_refused([&] {
        const File file(path);
        for (const auto& [_, tensor] : read_llama(file).tensors) rows_of(file, tensor);
      });
    }
    EXPECT_GT(refused, 500u);
    EXPECT_LT(refused, 2000u);
  }
}

TEST_F(GgufLlama, OtherFrequenciesAreRefused) {
  tensors.push_back({"rope_freqs.weight", {2}});  // zeros
  EXPECT_THAT(error(), HasSubstr("rope_freqs.weight: these factors are not those of Llama 3.1"));
  tensors.back().dimensions = {3};
  EXPECT_THAT(error(), HasSubstr("rope_freqs.weight: [3] in the file, [2] was expected"));
}

}  // namespace
}  // namespace midillama::gguf
