// sentencepiece's BPE models as Hugging Face's files hold them.
#include "midillama/core/file.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::text {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

const std::filesystem::path kGoldens = "tests/golden/text/character_level";

const Json& golden() {
  static const Json json = read_json("tests/golden/text/character_level.json");
  return json;
}

class GoldenCharacterLevel : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Directories, GoldenCharacterLevel, testing::Values("metaspace", "prepend"));

TEST_P(GoldenCharacterLevel, ADirectoryWithATokenizerJsonAloneIsReadAsTokenizersReadsIt) {
  const auto tokenizer = load_tokenizer(kGoldens / GetParam());
  const Json& expected = golden().at(GetParam());
  EXPECT_EQ(tokenizer->vocab_size(), expected.at("vocab_size"));
  for (const Json& entry : expected.at("encode")) {
    EXPECT_EQ(tokenizer->encode(entry.at("text").get<std::string>()), entry.at("ids").get<std::vector<TokenId>>()) << entry.at("text");
  }
  for (const Json& entry : expected.at("decode")) {
    EXPECT_EQ(tokenizer->decode(entry.at("ids").get<std::vector<TokenId>>()), entry.at("text").get<std::string>()) << entry.at("ids");
  }
}

// Kind C22: transformers does not read the spaces of its own class from the tokenizer file.
TEST(GoldenCharacterLevel, SpacesAreAsTheClassOfTheTokenizerSays) {
  for (const Json& entry : golden().at("classes")) {
    const TemporaryDirectory folder;
    std::filesystem::copy_file(kGoldens / "prepend/tokenizer.json", folder.path() / "tokenizer.json");
    write_atomically(folder.path() / "tokenizer_config.json", entry.at("config").dump());
    const auto tokenizer = load_tokenizer(folder.path());
    for (const Json& row : entry.at("encode")) {
      EXPECT_EQ(tokenizer->encode(row.at("text").get<std::string>()), row.at("ids").get<std::vector<TokenId>>())
          << entry.at("config") << row.at("text");
    }
    for (const Json& row : entry.at("decode")) {
      EXPECT_EQ(tokenizer->decode(row.at("ids").get<std::vector<TokenId>>()), row.at("text").get<std::string>())
          << entry.at("config") << row.at("ids");
    }
  }
}

TEST(GoldenSpecialTokens, TheEndOfATextIsTheAddedOne) {
  EXPECT_EQ(load_tokenizer(kGoldens / "metaspace")->eos_id(), golden().at("eos").get<TokenId>());
  const auto tokenizer = load_tokenizer(kGoldens / "chatml");
  const Json& expected = golden().at("chatml");
  EXPECT_EQ(tokenizer->eos_id(), expected.at("eos").get<TokenId>());
  EXPECT_EQ(tokenizer->bos_id(), expected.at("bos").get<TokenId>());
  EXPECT_EQ(tokenizer->vocab_size(), expected.at("vocab_size"));
  for (const auto& [token, id] : expected.at("tokens").items()) EXPECT_EQ(tokenizer->token_id(token).value_or(0), id) << token;
  for (const Json& entry : expected.at("decode")) {
    EXPECT_EQ(tokenizer->decode(entry.at("ids").get<std::vector<TokenId>>()), entry.at("text").get<std::string>());
  }
  EXPECT_EQ(tokenizer->token(420), "<|im_end|>");
}

TEST(SpecialTokens, AChatTemplateOnABaseModelsTokenizerStopsAtTheAddedToken) {
  const auto tokenizer = load_tokenizer(kGoldens / "chatml");
  const PromptTemplate prompt("<|im_start|>user\n{music}{question}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n", *tokenizer);
  EXPECT_THAT(prompt.stop_ids(), testing::ElementsAre(420));
  const auto example = prompt.encode("Which dance?", "A reel.", 200, 1);
  EXPECT_EQ(example.input_ids.front(), 421);
  EXPECT_EQ(std::ranges::count(example.labels, 420), 1);
}

struct SentencePieceDirectory : testing::Test {
  SentencePieceDirectory() { std::filesystem::copy_file("tests/golden/text/sentencepiece.model", folder.path() / "tokenizer.model"); }
  void write(const std::string& name, const Json& json) const { write_atomically(folder.path() / name, json.dump()); }
  std::unique_ptr<Tokenizer> load() const { return load_tokenizer(folder.path()); }

  TemporaryDirectory folder;
};

TEST_F(SentencePieceDirectory, AloneIsTheModel) {
  const auto alone = load(), model = load_tokenizer("tests/golden/text/sentencepiece.model");
  EXPECT_EQ(alone->vocab_size(), model->vocab_size());
  EXPECT_EQ(alone->eos_id(), model->eos_id());
  for (const char* text : {"It is a reel.", " a  b ", "\xF0\x9F\x8E\xB5", ""}) {
    EXPECT_EQ(alone->encode(text), model->encode(text));
    EXPECT_EQ(alone->decode(model->encode(text)), model->decode(model->encode(text)));
  }
}

TEST_F(SentencePieceDirectory, AddedTokensThatAreTextAreCutOutOfIt) {
  write("tokenizer_config.json", {{"added_tokens_decoder",
                                   {{"420", {{"content", "<note>"}, {"special", false}, {"normalized", false}}},
                                    {"421", {{"content", "<|im_end|>"}, {"special", true}}},
                                    {"2", {{"content", "</s>"}, {"special", true}}}}},
                                  {"eos_token", {{"content", "<|im_end|>"}}}});
  const auto tokenizer = load();
  const auto ids = tokenizer->encode("a reel<note><|im_end|>");
  EXPECT_EQ(std::ranges::count(ids, 420), 1);
  EXPECT_EQ(std::ranges::count(ids, 421), 0) << "a special token is text in a text";
  EXPECT_EQ(tokenizer->eos_id(), 421);
  const auto reel = tokenizer->encode("a reel"), jig = tokenizer->encode("a jig");
  std::vector<TokenId> joined = reel;
  joined.push_back(420);
  joined.insert(joined.end(), jig.begin(), jig.end());
  joined.push_back(421);
  EXPECT_EQ(tokenizer->decode(joined), "a reel<note> a jig");
}

TEST_F(SentencePieceDirectory, NamesAloneAreEnough) {
  write("special_tokens_map.json", {{"eos_token", "<unk>"}, {"bos_token", nullptr}});
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->eos_id(), 0);
  EXPECT_EQ(tokenizer->bos_id(), std::nullopt);
}

TEST_F(SentencePieceDirectory, MistakesNameFileAndKey) {
  write("added_tokens.json", {{"<a>", -3}});
  EXPECT_THAT(error_of([&] { load(); }), testing::AllOf(HasSubstr("added_tokens.json"), HasSubstr("<a>")));
  write("added_tokens.json", Json::object());
  write("tokenizer_config.json", {{"added_tokens_decoder", {{"x", {{"content", "<a>"}}}}}});
  EXPECT_THAT(error_of([&] { load(); }), HasSubstr("added_tokens_decoder[\"x\"]"));
  write("tokenizer_config.json", {{"tokenizer_class", "LlamaTokenizer"}, {"add_prefix_space", "no"}});
  EXPECT_THAT(error_of([&] { load(); }), testing::AllOf(HasSubstr("tokenizer_config.json"), HasSubstr("add_prefix_space")));
}

TEST(CharacterLevel, WhatIsNotSupportedIsRefusedByName) {
  const Json good = read_json(kGoldens / "prepend/tokenizer.json");
  const auto error_with = [&](const char* pointer, const Json& value) {
    const TemporaryDirectory folder;
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    write_atomically(folder.path() / "tokenizer.json", changed.dump());
    return error_of([&] { load_tokenizer(folder.path()); });
  };
  EXPECT_EQ(error_with("/version", "1.0"), "no error");
  EXPECT_THAT(error_with("/normalizer/normalizers/0", {{"type", "NFKC"}}), HasSubstr("normalizer.normalizers[0]"));
  EXPECT_THAT(error_with("/pre_tokenizer", {{"type", "Whitespace"}}), HasSubstr("pre_tokenizer"));
  EXPECT_THAT(error_with("/decoder", {{"type", "Metaspace"}}), HasSubstr("decoder"));
  EXPECT_THAT(error_with("/model/type", "Unigram"), HasSubstr("model.type"));
}

}  // namespace
}  // namespace midillama::text
