#include "midillama/shapes/llama_config.h"

#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::shapes {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const Json kSmall = {{"model_type", "llama"},   {"vocab_size", 40},       {"hidden_size", 16},
                     {"intermediate_size", 24}, {"num_hidden_layers", 2}, {"num_attention_heads", 4}};

LlamaConfig read(const Json& changes, const Json& generation = nullptr) {
  const TemporaryDirectory folder;
  Json json = kSmall;
  json.update(changes);
  write_atomically(folder.path() / "config.json", json.dump());
  if (!generation.is_null()) write_atomically(folder.path() / "generation_config.json", generation.dump());
  return LlamaConfig::read(folder.path());
}

std::string error_of(const Json& changes) {
  try {
    read(changes);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(LlamaConfig, MissingKeysHaveTheDefaultsOfTransformers) {
  const LlamaConfig config = read(Json::object());
  EXPECT_EQ(config.num_key_value_heads, 4);
  EXPECT_EQ(config.head_dim, 4);
  EXPECT_EQ(config.max_position_embeddings, 2048);
  EXPECT_EQ(config.rms_norm_eps, 1e-6);
  EXPECT_EQ(config.rope_theta, 10000.0);
  EXPECT_FALSE(config.rope_scaling);
  EXPECT_FALSE(config.tie_word_embeddings);
  EXPECT_EQ(config.bos_token_id, 1);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(2));
}

TEST(LlamaConfig, ReadsBothSpellingsOfRope) {
  EXPECT_EQ(read({{"rope_theta", 500000.0}, {"rope_scaling", nullptr}}).rope_theta, 500000.0);
  EXPECT_EQ(read({{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 7}}}}).rope_theta, 7.0);
  const Json llama3 = {
      {"rope_type", "llama3"}, {"factor", 8}, {"low_freq_factor", 1}, {"high_freq_factor", 4}, {"original_max_position_embeddings", 8192}};
  const LlamaConfig config = read({{"rope_theta", 9}, {"rope_scaling", llama3}});
  EXPECT_EQ(config.rope_theta, 9.0);
  ASSERT_TRUE(config.rope_scaling);
  EXPECT_EQ(config.rope_scaling->factor, 8.0);
  EXPECT_EQ(config.rope_scaling->original_max_position_embeddings, 8192);
}

TEST(LlamaConfig, JoinsTheEndOfTextIds) {
  EXPECT_THAT(read({{"eos_token_id", 7}}, {{"eos_token_id", {7, 9}}}).eos_token_ids, ElementsAre(7, 9));
  EXPECT_THAT(read({{"eos_token_id", nullptr}}, Json::object()).eos_token_ids, ElementsAre());
  EXPECT_FALSE(read({{"bos_token_id", nullptr}}).bos_token_id);
}

TEST(LlamaConfig, ShowsEveryMistakeAtOnce) {
  const std::string error = error_of({{"hidden_size", 0},
                                      {"vocab_size", "many"},
                                      {"num_key_value_heads", 3},
                                      {"attention_bias", true},
                                      {"mlp_bias", true},
                                      {"hidden_act", "gelu"},
                                      {"model_type", "mistral"},
                                      {"rope_scaling", {{"type", "yarn"}}},
                                      {"eos_token_id", "x"}});
  EXPECT_THAT(error, HasSubstr("config.json: "));
  EXPECT_THAT(error, AllOf(HasSubstr("hidden_size: must be a whole number from 1"), HasSubstr("vocab_size: must be a whole number"),
                           HasSubstr("num_key_value_heads: 3 does not divide the 4 attention heads"), HasSubstr("attention_bias: is true"),
                           HasSubstr("mlp_bias: is true"), HasSubstr("hidden_act: is \"gelu\"")));
  EXPECT_THAT(error, AllOf(HasSubstr("model_type: is \"mistral\""), HasSubstr("rope_scaling: the type \"yarn\" is not implemented"),
                           HasSubstr("eos_token_id: must be a token id or a list")));
}

TEST(LlamaConfig, RefusesWhatItCannotCompute) {
  EXPECT_THAT(error_of({{"is_causal", false}}), HasSubstr("is_causal: is false"));
  EXPECT_THAT(error_of({{"quantization_config", {{"quant_method", "gptq"}}}}), HasSubstr("quantization_config: quantized weights"));
  EXPECT_THAT(error_of({{"head_dim", 5}}), HasSubstr("head_dim: must be even, is 5"));
  EXPECT_THAT(error_of({{"num_attention_heads", 3}}), HasSubstr("num_attention_heads: 3 does not divide hidden_size 16"));
  EXPECT_THAT(error_of({{"num_hidden_layers", 1e18}}), HasSubstr("num_hidden_layers: must be a whole number from 1 to 1024"));
  EXPECT_THAT(error_of({{"rope_scaling", {{"rope_type", "llama3"}}}}),
              AllOf(HasSubstr("rope_scaling.factor: is missing"), HasSubstr("rope_scaling.low_freq_factor: is missing")));
  EXPECT_THAT(error_of({{"rope_parameters", {{"partial_rotary_factor", 0.5}}}}), HasSubstr("rope_parameters.partial_rotary_factor"));
  EXPECT_THAT(error_of({{"partial_rotary_factor", 0.5}}), HasSubstr("partial_rotary_factor: rotating a part of each head"));
  EXPECT_THAT(error_of({{"rope_parameters", {{"full_attention", {{"rope_theta", 100}}}}}}), HasSubstr("rope_parameters.full_attention"));
  for (const char* key : {"hidden_act", "rope_theta", "rms_norm_eps", "max_position_embeddings"})
    EXPECT_THAT(error_of({{key, nullptr}}), HasSubstr(std::string(key) + ": is null"));
  EXPECT_THAT(error_of({{"rms_norm_eps", -1}}), HasSubstr("rms_norm_eps: must be a positive number, is -1"));
}

}  // namespace
}  // namespace midillama::shapes
