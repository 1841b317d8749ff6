#include "midillama/tools/convert_gguf.h"

#include "midillama/core/file.h"
#include "midillama/gguf/file.h"
#include "midillama/model/llama.h"
#include "midillama/text/tokenizer.h"
#include "midillama/weights/safetensors.h"
#include "model/tiny_models.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::tools {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

const fs::path kGolden = "tests/golden/gguf";

// Largest difference from transformers' logits, which are those of every fourth place.
double difference_of(const fs::path& directory, const std::string& name) {
  const torch::NoGradGuard no_grad;
  const weights::TensorMap expected = weights::read_safetensors(kGolden / (name + ".safetensors"));
  model::Llama llama = model::load_llama(directory, torch::kCPU, torch::kFloat32);
  const torch::Tensor logits = llama->logits(llama->forward(llama->embed(expected.at("input_ids")), {}));
  return model::largest_difference(logits.slice(1, 0, std::nullopt, 4), expected.at("logits"));
}

TEST(GoldenConvertGguf, LogitsAreTransformers) {
  for (const char* name : {"untied", "tied"}) {
    const TemporaryDirectory folder;
    convert_gguf(kGolden / (std::string(name) + ".gguf"), folder.path() / "out", torch::kFloat32);
    EXPECT_LT(difference_of(folder.path() / "out", name), 1e-4) << name;
  }
}

TEST(GoldenConvertGguf, WritesAWholeDirectory) {
  const TemporaryDirectory folder;
  const ConvertedGguf converted = convert_gguf(kGolden / "untied.gguf", folder.path() / "out", torch::kFloat32);
  EXPECT_EQ(converted.tensors, 21u);
  EXPECT_THAT(converted.types, UnorderedElementsAre(Pair("F32", 5), Pair("F16", 2), Pair("BF16", 2), Pair("Q8_0", 3), Pair("Q4_0", 2),
                                                    Pair("Q4_1", 3), Pair("Q5_0", 2), Pair("Q5_1", 2)));
  const shapes::LlamaConfig config = shapes::LlamaConfig::read(folder.path() / "out");
  EXPECT_EQ(config.vocab_size, 421);
  EXPECT_EQ(config.bos_token_id, 1);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(2));
  EXPECT_FALSE(config.tie_word_embeddings);
  const Json generation = read_json(folder.path() / "out" / "generation_config.json");
  EXPECT_EQ(generation, Json({{"bos_token_id", 1}, {"eos_token_id", 2}, {"pad_token_id", 2}}));
  EXPECT_EQ(text::load_tokenizer(folder.path() / "out")->vocab_size(), 421);
  EXPECT_TRUE(read_json(folder.path() / "out" / "tokenizer_config.json").contains("chat_template"));
}

TEST(ConvertGguf, Bfloat16IsRoundedFromFloat32) {
  const TemporaryDirectory folder;
  convert_gguf(kGolden / "tied.gguf", folder.path() / "exact", torch::kFloat32);
  convert_gguf(kGolden / "tied.gguf", folder.path() / "half", torch::kBFloat16);
  const weights::TensorMap half = weights::read_safetensors(folder.path() / "half" / "model.safetensors");
  for (const auto& [name, tensor] : weights::read_safetensors(folder.path() / "exact" / "model.safetensors")) {
    EXPECT_TRUE(at::equal(half.at(name), tensor.to(torch::kBFloat16))) << name;
  }
}

TEST(ConvertGguf, AMistakeLeavesNothingBehind) {
  const TemporaryDirectory folder;
  const auto error_of = [&](const fs::path& file) {
    return testing_support::error_of([&] { convert_gguf(file, folder.path() / "out", torch::kFloat32); });
  };
  EXPECT_THAT(error_of(kGolden / "gpt-2.gguf"), HasSubstr("llama.context_length: is missing"));
  EXPECT_THAT(error_of(kGolden / "blocks.gguf"), HasSubstr("general.architecture: is blocks"));
  std::string cut = read_binary(kGolden / "untied.gguf");
  cut.resize(cut.size() - 40);
  std::ofstream(folder.path() / "cut.gguf", std::ios::binary) << cut;
  EXPECT_THAT(error_of(folder.path() / "cut.gguf"), HasSubstr("is it whole?"));
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
  fs::create_directory(folder.path() / "out");
  write_atomically(folder.path() / "out" / "mine", "");
  EXPECT_THAT(error_of(kGolden / "untied.gguf"), HasSubstr("is there already"));
}

TEST(ConvertGguf, ANumberThatIsTooLargeForBfloat16IsNamed) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "large.gguf";
  std::string bytes = read_binary(kGolden / "untied.gguf");
  const float large = 3.4e38F;
  const gguf::Tensor norm = gguf::File(kGolden / "untied.gguf").tensors().at("output_norm.weight");
  bytes.replace(norm.begin, sizeof(large), reinterpret_cast<const char*>(&large), sizeof(large));
  std::ofstream(file, std::ios::binary) << bytes;
  EXPECT_THAT(testing_support::error_of([&] { convert_gguf(file, folder.path() / "out", torch::kBFloat16); }),
              AllOf(HasSubstr("large.gguf: output_norm.weight"), HasSubstr("too large for BFloat16: --dtype float32 keeps it")));
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
  convert_gguf(file, folder.path() / "out", torch::kFloat32);
}

TEST(ConvertGguf, NumbersThatAreNotFiniteAreNamed) {
  const TemporaryDirectory folder;
  std::string bytes = read_binary(kGolden / "untied.gguf");
  bytes.replace(bytes.size() - 64, 64, std::string(64, '\xff'));  // the end of the head: its blocks' scales are no numbers
  std::ofstream(folder.path() / "odd.gguf", std::ios::binary) << bytes;
  EXPECT_THAT(testing_support::error_of([&] { convert_gguf(folder.path() / "odd.gguf", folder.path() / "out", torch::kFloat32); }),
              AllOf(HasSubstr("odd.gguf: output.weight"), HasSubstr("not finite")));
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
}

}  // namespace
}  // namespace midillama::tools
