#include "text/byte_level.h"

#include "midillama/core/file.h"
#include "text/byte_alphabet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::text {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Three letters and a space, two merges, a special token and one that is not.
Json tiny() {
  return Json::parse(R"({
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
    "decoder": {"type": "ByteLevel"},
    "added_tokens": [{"id": 10, "content": "</s>", "special": true}, {"id": 11, "content": "<x>", "special": false}],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "\u0120": 3, "ab": 4, "\u0120ab": 5}, "merges": ["a b", ["\u0120", "ab"]]}
  })");
}

class TokenizerJsonTest : public testing::Test {
 protected:
  std::unique_ptr<Tokenizer> load(const Json& description) const {
    std::ofstream(file) << description.dump();
    return load_tokenizer(folder.path());
  }

  // The error of a description in which one value is replaced.
  std::string error_of(const std::string& pointer, const Json& value) const {
    Json description = tiny();
    description[Json::json_pointer(pointer)] = value;
    try {
      load(description);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }

  TemporaryDirectory folder;
  std::filesystem::path file = folder.path() / "tokenizer.json";
};

TEST_F(TokenizerJsonTest, MergesAndFindsTokens) {
  const auto tokenizer = load(tiny());
  EXPECT_THAT(tokenizer->encode("abc ab aab"), ElementsAre(4, 2, 5, 3, 0, 4));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("abc ab aab")), "abc ab aab");
  EXPECT_EQ(tokenizer->vocab_size(), 12);
  EXPECT_EQ(tokenizer->token_id("\u0120ab"), 5);
  EXPECT_EQ(tokenizer->token(5), "\u0120ab");
  EXPECT_EQ(tokenizer->token_id("</s>"), 10);
  EXPECT_EQ(tokenizer->token(10), "</s>");
  EXPECT_EQ(tokenizer->token_id("d"), std::nullopt);
  EXPECT_THROW(tokenizer->token(12), Error);
}

TEST_F(TokenizerJsonTest, SpecialTokensInATextAreTextOthersAreTokens) {
  Json description = tiny();
  for (const char* character : {"<", "/", "s", ">"}) description["model"]["vocab"][character] = description["model"]["vocab"].size();
  const auto tokenizer = load(description);
  EXPECT_THAT(tokenizer->encode("</s>a<x>"), ElementsAre(6, 7, 8, 9, 0, 11));
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{10, 0, 11}), "a<x>");
}

TEST_F(TokenizerJsonTest, BytesWithoutATokenAreLeftOutOrUnknown) {
  EXPECT_THAT(load(tiny())->encode("axb"), ElementsAre(4));
  Json description = tiny();
  description["model"]["unk_token"] = "c";
  EXPECT_THAT(load(description)->encode("axxb"), ElementsAre(0, 2, 2, 1));
  description["model"]["fuse_unk"] = true;
  EXPECT_THAT(load(description)->encode("axxb"), ElementsAre(0, 2, 1));
}

TEST_F(TokenizerJsonTest, WholeTokensComeFirstOnlyWhereAskedFor) {
  Json description = tiny();
  description["model"]["vocab"]["cab"] = 6;
  EXPECT_THAT(load(description)->encode("cab"), ElementsAre(2, 4));
  description["model"]["ignore_merges"] = true;
  EXPECT_THAT(load(description)->encode("cab"), ElementsAre(6));
}

TEST_F(TokenizerJsonTest, IdsThatStandForNothingAreLeftOut) {
  const auto tokenizer = load(tiny());
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{0, 7, 10, 5, 4000}), "a ab");
  EXPECT_THROW(tokenizer->decode(std::vector<TokenId>{-1}), Error);
}

TEST_F(TokenizerJsonTest, DigitsAreCutOutOneByOneOrTogether) {
  Json description = tiny();
  for (const char* token : {"1", "2", "12", "c1"}) description["model"]["vocab"][token] = description["model"]["vocab"].size();
  description["model"]["merges"] = {"1 2", "c 1"};
  EXPECT_THAT(load(description)->encode("c12"), ElementsAre(2, 8));  // GPT-2's pattern parts letters and numbers
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const auto with_digits = [&](const Json& digits) {
    description["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {digits, bytes}}};
    return load(description)->encode("c12c");
  };
  EXPECT_THAT(with_digits({{"type", "Digits"}, {"individual_digits", true}}), ElementsAre(2, 6, 7, 2));
  EXPECT_THAT(with_digits({{"type", "Digits"}, {"individual_digits", false}}), ElementsAre(2, 8, 2));
}

TEST_F(TokenizerJsonTest, InvalidUtf8IsAReplacementCharacter) {
  const auto tokenizer = load_tokenizer("tests/golden/text/llama3");
  EXPECT_EQ(tokenizer->encode("a\xffz"), tokenizer->encode("a\xef\xbf\xbdz"));
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{*tokenizer->token_id(to_byte_alphabet("\xe2"))}), "\xef\xbf\xbd");
}

TEST_F(TokenizerJsonTest, BosAndEosComeFromTheNeighboursFirst) {
  Json description = tiny();
  EXPECT_EQ(load(description)->bos_id(), std::nullopt);
  EXPECT_EQ(load(description)->eos_id(), 10);
  description["post_processor"] =
      Json::parse(R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "c"}}, {"Sequence": {"id": "A"}}]})");
  EXPECT_EQ(load(description)->bos_id(), 2);
  std::ofstream(folder.path() / "special_tokens_map.json") << R"({"bos_token": "b", "eos_token": "b"})";
  std::ofstream(folder.path() / "tokenizer_config.json") << R"({"bos_token": {"content": "<x>"}, "eos_token": null})";
  EXPECT_EQ(load(description)->bos_id(), 11);
  EXPECT_EQ(load(description)->eos_id(), std::nullopt);
}

TEST_F(TokenizerJsonTest, ErrorsNameFileAndKey) {
  EXPECT_THAT(error_of("/normalizer", {{"type", "NFC"}}), AllOf(HasSubstr(file.string()), HasSubstr("normalizer"), HasSubstr("NFC")));
  EXPECT_THAT(error_of("/pre_tokenizer", nullptr), HasSubstr("pre_tokenizer"));
  EXPECT_THAT(error_of("/pre_tokenizer/type", "Metaspace"), AllOf(HasSubstr("pre_tokenizer.type"), HasSubstr("Metaspace")));
  EXPECT_THAT(error_of("/pre_tokenizer", Json::parse(R"({"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"}, {"type": "ByteLevel"}]})")),
              HasSubstr("pre_tokenizer.pretokenizers[0].pattern"));
  EXPECT_THAT(error_of("/decoder/type", "WordPiece"), HasSubstr("decoder.type"));
  EXPECT_THAT(error_of("/model/type", "Unigram"), HasSubstr("model.type"));
  EXPECT_THAT(error_of("/model/vocab/a", -1), HasSubstr("model.vocab[\"a\"]"));
  EXPECT_THAT(error_of("/model/vocab/a", 1), HasSubstr("\"b\""));
  EXPECT_THAT(error_of("/model/merges/0", "a c"), HasSubstr("model.merges[0]"));
  EXPECT_THAT(error_of("/model/merges/1", 3), HasSubstr("model.merges[1]"));
  EXPECT_THAT(error_of("/model/unk_token", "q"), HasSubstr("model.unk_token"));
  EXPECT_THAT(error_of("/model/dropout", 0.1), HasSubstr("model.dropout"));
  EXPECT_THAT(error_of("/added_tokens/0/id", "ten"), HasSubstr("added_tokens[0].id"));
  EXPECT_THAT(error_of("/added_tokens", 3), HasSubstr("added_tokens"));
  EXPECT_THAT(error_of("/post_processor", {{"type", "TemplateProcessing"}}), HasSubstr("post_processor"));
}

TEST_F(TokenizerJsonTest, ASentencePieceModelIsPreferredToADescriptionThatIsNotByteLevel) {
  std::filesystem::copy("tests/golden/text/sentencepiece.model", folder.path() / "tokenizer.model");
  Json description = tiny();
  EXPECT_EQ(load(description)->token_id("<unk>"), std::nullopt);
  description["pre_tokenizer"]["type"] = "Metaspace";
  EXPECT_EQ(load(description)->token_id("<unk>"), 0);
}

TEST(Tiktoken, HasTheSpecialTokensOfLlama3) {
  const auto tokenizer = load_tokenizer("tests/golden/text/tiktoken");
  const TokenId first = tokenizer->vocab_size() - 256;
  EXPECT_EQ(tokenizer->bos_id(), first);
  EXPECT_EQ(tokenizer->eos_id(), first + 1);
  EXPECT_EQ(tokenizer->token_id("<|start_header_id|>"), first + 6);
  EXPECT_EQ(tokenizer->token_id("<|end_header_id|>"), first + 7);
  EXPECT_EQ(tokenizer->token_id("<|eot_id|>"), first + 9);
  EXPECT_EQ(tokenizer->token_id("<|reserved_special_token_4|>"), first + 8);
  EXPECT_EQ(tokenizer->token(first + 255), "<|reserved_special_token_250|>");
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{first, first + 9}), "");
}

// Kind C25.
TEST(Tiktoken, AnyLineEndsAndAByteOrderMarkAreTaken) {
  const std::string whole = read_text("tests/golden/text/tiktoken/tokenizer.model");
  const auto expected = load_tokenizer("tests/golden/text/tiktoken")->encode("A reel.");
  const TemporaryDirectory folder;
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    std::string text = "\xef\xbb\xbf";
    for (const char c : whole) c == '\n' ? text += end : text += c;
    std::ofstream(folder.path() / "tokenizer.model") << text;
    EXPECT_EQ(load_tokenizer(folder.path())->encode("A reel."), expected);
  }
}

TEST(Tiktoken, MalformedLinesAreNamed) {
  const TemporaryDirectory folder;
  for (const char* second : {"Ig== 2", "Ig=", "Ig 1", "Ig== 1 1", "I!== 1", "Ig== x"}) {
    std::ofstream(folder.path() / "tokenizer.model") << "IQ== 0\n" << second << "\n";
    try {
      load_tokenizer(folder.path());
      FAIL() << second << " was accepted";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("tokenizer.model: line 2")) << second;
    }
  }
}

// Kind C22: a file that was cut between two lines would lose characters in silence.
TEST(Tiktoken, AFileThatCannotSpellEveryTextIsRefused) {
  const TemporaryDirectory folder;
  const std::string whole = read_text("tests/golden/text/tiktoken/tokenizer.model");
  const auto error_with = [&](const std::string& text) -> std::string {
    std::ofstream(folder.path() / "tokenizer.model") << text;
    try {
      load_tokenizer(folder.path());
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_with(whole), "no error");
  std::size_t cut = 0;
  for (int line = 0; line < 100; ++line) cut = whole.find('\n', cut) + 1;
  EXPECT_THAT(error_with(whole.substr(0, cut)), HasSubstr("has no token for the byte"));
  const auto lines = std::count(whole.begin(), whole.end(), '\n');
  EXPECT_THAT(error_with(whole + whole.substr(0, whole.find(' ')) + " " + std::to_string(lines) + "\n"), HasSubstr("has a token twice"));
}

TEST(ByteAlphabet, SpellsEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_EQ(from_byte_alphabet(to_byte_alphabet(bytes)), bytes);
  EXPECT_EQ(to_byte_alphabet(" a\n"), "\u0120a\u010a");
  EXPECT_EQ(from_byte_alphabet("\u3042"), std::nullopt);
}

TEST(GoldenByteLevel, EncodesAndDecodesAsTheReference) {
  const std::filesystem::path folder = "tests/golden/text";
  const Json golden = read_json(folder / "byte_level.json");
  for (const auto& [name, model] : golden["models"].items()) {
    SCOPED_TRACE(name);
    const auto tokenizer = load_tokenizer(folder / name);
    EXPECT_EQ(tokenizer->vocab_size(), model["vocab_size"]);
    for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
      EXPECT_EQ(Json(tokenizer->encode(golden["texts"][i].get<std::string>())), model["encoded"][i]) << golden["texts"][i];
    }
    for (std::size_t i = 0; i < model["ids"].size(); ++i) {
      EXPECT_EQ(tokenizer->decode(model["ids"][i].get<std::vector<TokenId>>()), model["decoded"][i]) << model["ids"][i];
    }
  }
}

// Files beside a tokenizer.json add tokens, and two classes of transformers decide on the space before a text.
TEST(GoldenDirectories, AreReadAsTransformersReadsThem) {
  const Json golden = read_json("tests/golden/text/directories.json");
  for (const auto& [name, directory] : golden["directories"].items()) {
    SCOPED_TRACE(name);
    const TemporaryDirectory folder;
    Json description = read_json("tests/golden/text/gpt2/tokenizer.json");
    for (const Json& token : directory["added"]) description["added_tokens"].push_back(token);
    write_atomically(folder.path() / "tokenizer.json", description.dump());
    for (const auto& [file, content] : directory["files"].items()) write_atomically(folder.path() / file, content.dump());
    const auto tokenizer = load_tokenizer(folder.path());
    EXPECT_EQ(tokenizer->vocab_size(), directory["vocab_size"]);
    EXPECT_EQ(tokenizer->bos_id(), directory["bos"].get<TokenId>());
    EXPECT_EQ(tokenizer->eos_id(), directory["eos"].get<TokenId>());
    for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
      EXPECT_EQ(Json(tokenizer->encode(golden["texts"][i].get<std::string>())), directory["encoded"][i]) << golden["texts"][i];
      EXPECT_EQ(tokenizer->decode(directory["encoded"][i].get<std::vector<TokenId>>()), directory["decoded"][i]);
    }
  }
}

}  // namespace
}  // namespace midillama::text
