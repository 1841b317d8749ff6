#include "midillama/gguf/tokenizer.h"

#include "gguf/gguf_bytes.h"
#include "midillama/core/json_text.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace midillama::gguf {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

const fs::path kGolden = "tests/golden/gguf";

// What the room `text` makes of the files.
std::unique_ptr<text::Tokenizer> load(const TokenizerFiles& files, const fs::path& directory) {
  write_atomically(directory / "tokenizer.json", json_text(files.tokenizer));
  write_atomically(directory / "tokenizer_config.json", json_text(files.config));
  return text::load_tokenizer(directory);
}

// The file of the goldens that has this tokenizer.
fs::path file_of(const std::string& pre) {
  if (pre == "llama-bpe") return kGolden / "untied.gguf";
  return kGolden / (pre == "smollm" ? "tied.gguf" : pre + ".gguf");
}

TEST(GoldenGgufTokenizer, IdsAreTheOriginalTokenizers) {
  const Json golden = read_json(kGolden / "tokenizers.json");
  for (const auto& [pre, encoded] : golden.at("models").items()) {
    const TemporaryDirectory folder;
    const auto tokenizer = load(read_tokenizer(File(file_of(pre))), folder.path());
    const Json& texts = golden.at(pre == "sentencepiece" ? "sentencepiece_texts" : "texts");
    ASSERT_EQ(texts.size(), encoded.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto text = texts[i].get<std::string>();
      EXPECT_EQ(tokenizer->encode(text), encoded[i].get<std::vector<text::TokenId>>()) << pre << ": " << text;
    }
  }
}

TEST(GoldenGgufTokenizer, SpecialTokensAndTheChatTemplateAreTheFiles) {
  const TokenizerFiles files = read_tokenizer(File(kGolden / "untied.gguf"));
  EXPECT_EQ(files.vocab_size, 421);
  EXPECT_THAT(files.bos, Optional(1));
  EXPECT_THAT(files.eos, ElementsAre(2));
  EXPECT_THAT(files.pad, Optional(2));
  EXPECT_EQ(files.config.at("bos_token"), "<|im_start|>");
  EXPECT_EQ(files.config.at("eos_token"), "<|im_end|>");
  EXPECT_THAT(files.config.at("chat_template").get<std::string>(), HasSubstr("message['role']"));
  EXPECT_EQ(files.tokenizer.at("/post_processor/processors/1/single/0/SpecialToken/id"_json_pointer), "<|im_start|>");
  const TemporaryDirectory folder;
  const auto tokenizer = load(files, folder.path());
  EXPECT_EQ(tokenizer->vocab_size(), 421);
  EXPECT_EQ(tokenizer->bos_id(), 1);
  EXPECT_EQ(tokenizer->eos_id(), 2);
  EXPECT_EQ(tokenizer->token_id("<|endoftext|>"), 0);
  EXPECT_EQ(tokenizer->decode(std::vector<text::TokenId>{1, 420, 2}), "<music>");
}

class GgufTokenizer : public testing::Test {
 protected:
  static std::vector<std::string> byte_level() {
    return {text_pair("tokenizer.ggml.model", "gpt2"), text_pair("tokenizer.ggml.pre", "gpt-2"),
            texts_pair("tokenizer.ggml.tokens", {"a", "b", "ab", "<s>"}),
            list_pair<std::int32_t>("tokenizer.ggml.token_type", kI32, {1, 1, 1, 3}), texts_pair("tokenizer.ggml.merges", {"a b"})};
  }
  static std::vector<std::string> character_level() {
    return {text_pair("tokenizer.ggml.model", "llama"),
            texts_pair("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>", "\u2581", "a", "b", "c", "ab", "bc", "\u2581a"}),
            list_pair<float>("tokenizer.ggml.scores", kF32, {0, 0, 0, -9, -9, -9, -9, -2, -1, -3}),
            list_pair<std::int32_t>("tokenizer.ggml.token_type", kI32, {2, 3, 3, 1, 1, 1, 1, 1, 1, 1}),
            integer_pair("tokenizer.ggml.bos_token_id", 1)};
  }

  TokenizerFiles read(const std::vector<std::string>& pairs) const {
    return read_tokenizer(File(write_bytes(folder.path() / "model.gguf", gguf_bytes(pairs))));
  }
  std::string error_of(const std::vector<std::string>& pairs) const {
    return testing_support::error_of([&] { read(pairs); });
  }
  // One pair in the place of that with the same key, or one more.
  static std::vector<std::string> with(std::vector<std::string> pairs, const std::string& key, const std::string& changed) {
    std::erase_if(pairs, [&](const std::string& pair) { return pair.starts_with(raw_text(key)); });
    if (!changed.empty()) pairs.push_back(changed);
    return pairs;
  }

  TemporaryDirectory folder;
};

TEST_F(GgufTokenizer, PiecesAreJoinedByTheirScores) {
  const auto tokenizer = load(read(character_level()), folder.path());
  EXPECT_THAT(tokenizer->encode("abc"), ElementsAre(9, 8));  // bc before \u2581a before ab
  EXPECT_EQ(tokenizer->bos_id(), 1);
}

TEST_F(GgufTokenizer, ASpaceIsPutInFrontOrNot) {
  const std::string key = "tokenizer.ggml.add_space_prefix";
  const auto without = with(character_level(), key, pair(key, kBool, raw<std::uint8_t>(0)));
  const auto tokenizer = load(read(without), folder.path());
  EXPECT_THAT(tokenizer->encode("ab"), ElementsAre(7));
  EXPECT_EQ(tokenizer->decode(std::vector<text::TokenId>{9}), " a");
}

TEST_F(GgufTokenizer, WhatEndsATurnEndsATextToo) {
  auto pairs = with(byte_level(), "tokenizer.ggml.eos_token_id", integer_pair("tokenizer.ggml.eos_token_id", 3));
  pairs.push_back(integer_pair("tokenizer.ggml.eot_token_id", 2));
  EXPECT_THAT(read(pairs).eos, ElementsAre(3, 2));
  EXPECT_THAT(read(byte_level()).eos, IsEmpty());
}

TEST_F(GgufTokenizer, BosAndEosAreAddedAsTheFileSays) {
  auto pairs = byte_level();
  for (const char* name : {"bos", "eos"}) {
    pairs.push_back(integer_pair("tokenizer.ggml." + std::string(name) + "_token_id", 3));
    pairs.push_back(pair("tokenizer.ggml.add_" + std::string(name) + "_token", kBool, raw<std::uint8_t>(1)));
  }
  const OrderedJson frame = read(pairs).tokenizer.at("/post_processor/processors/1"_json_pointer);
  EXPECT_EQ(frame.at("single").dump(),
            R"([{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"<s>","type_id":0}}])");
  EXPECT_EQ(frame.at("special_tokens").dump(), R"({"<s>":{"id":"<s>","ids":[3],"tokens":["<s>"]}})");
  EXPECT_EQ(read(byte_level()).tokenizer.at("post_processor").at("type"), "ByteLevel");
}

TEST_F(GgufTokenizer, MistakesNameTheKey) {
  const auto tokens = [](const std::vector<std::string>& list) { return texts_pair("tokenizer.ggml.tokens", list); };
  const struct {
    std::vector<std::string> pairs;
    std::string error;
  } cases[] = {
      {with(byte_level(), "tokenizer.ggml.model", ""), "tokenizer.ggml.model: is missing"},
      {with(byte_level(), "tokenizer.ggml.model", text_pair("tokenizer.ggml.model", "bert")),
       "\"bert\" is not supported, gpt2 and llama are"},
      {with(byte_level(), "tokenizer.ggml.pre", text_pair("tokenizer.ggml.pre", "qwen2")),
       "tokenizer.ggml.pre: \"qwen2\" is not supported; llama-bpe, llama3, llama-v3, smollm, gpt-2, default are"},
      {with(byte_level(), "tokenizer.ggml.tokens", ""), "tokenizer.ggml.tokens: is missing or empty"},
      {with(byte_level(), "tokenizer.ggml.tokens", tokens({"a", "b", "ab", "a"})), "tokenizer.ggml.tokens[3]: \"a\" is the token 0, too"},
      {with(byte_level(), "tokenizer.ggml.tokens", tokens({"a", "b", "ab", "\xff"})), "tokenizer.ggml.tokens[3]: is not valid UTF-8"},
      {with(byte_level(), "tokenizer.ggml.tokens", tokens({"a", "b", "ab"})),
       "tokenizer.ggml.token_type: has 4 items, tokenizer.ggml.tokens has 3"},
      {with(byte_level(), "tokenizer.ggml.token_type", list_pair<std::int32_t>("tokenizer.ggml.token_type", kI32, {1, 1, 1, 9})),
       "tokenizer.ggml.token_type[3]: 9 is no kind of tokens"},
      {with(byte_level(), "tokenizer.ggml.merges", ""), "tokenizer.ggml.merges: is missing"},
      {with(byte_level(), "tokenizer.ggml.merges", texts_pair("tokenizer.ggml.merges", {"a b", "b a"})),
       "tokenizer.ggml.merges[1]: must be two tokens that together are a token"},
      {with(byte_level(), "tokenizer.ggml.merges", texts_pair("tokenizer.ggml.merges", {"ab"})),
       "tokenizer.ggml.merges[0]: must be two tokens"},
      {with(byte_level(), "", integer_pair("tokenizer.ggml.eos_token_id", 4)),
       "tokenizer.ggml.eos_token_id: 4 is no id of a vocabulary of 4"},
      {with(character_level(), "tokenizer.ggml.scores", list_pair<float>("tokenizer.ggml.scores", kF32, {0})),
       "tokenizer.ggml.scores: has 1 items, there are 10 tokens"},
      {with(character_level(), "tokenizer.ggml.scores",
            list_pair<float>("tokenizer.ggml.scores", kF32, std::vector<float>(10, std::nanf("")))),
       "tokenizer.ggml.scores[0]: is not finite"},
      {with(character_level(), "", pair("tokenizer.ggml.remove_extra_whitespaces", kBool, raw<std::uint8_t>(1))),
       "tokenizer.ggml.remove_extra_whitespaces: is not supported"},
      {with(character_level(), "", list_pair<std::uint8_t>("tokenizer.ggml.precompiled_charsmap", kU8, {1, 2})),
       "tokenizer.ggml.precompiled_charsmap: is not supported"},
  };
  for (const auto& [pairs, error] : cases) EXPECT_THAT(error_of(pairs), HasSubstr(error));
}

}  // namespace
}  // namespace midillama::gguf
