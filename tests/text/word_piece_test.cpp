#include "text/word_piece.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::filesystem::path kGolden = "tests/golden/text";

BertNormalizer normalizer_of(const std::string& name) {
  if (name == "uncased") return {};
  if (name == "lower") return {.strips_accents = false};
  return {.parts_ideographs = false, .strips_accents = false, .lowers = false};
}

std::vector<std::string> words_of(const BertNormalizer& normalizer, const std::string& text) {
  std::vector<std::string> words;
  split_bert_words(normalizer.normalize(text), [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

TEST(WordPiece, WordsEqualTokenizers) {
  const Json golden = read_json(kGolden / "word_piece.json");
  for (const auto& [name, model] : golden["models"].items()) {
    for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
      const std::string text = golden["texts"][i];
      EXPECT_EQ(words_of(normalizer_of(name), text), model["words"][i].get<std::vector<std::string>>()) << name << " " << i << ": " << text;
    }
  }
}

TEST(WordPiece, IdsEqualTokenizers) {
  const Json golden = read_json(kGolden / "word_piece.json");
  for (const auto& [name, model] : golden["models"].items()) {
    const auto tokenizer = load_tokenizer(kGolden / "word_piece" / name);
    EXPECT_EQ(tokenizer->vocab_size(), model["vocab_size"]);
    for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
      const std::string text = golden["texts"][i];
      EXPECT_EQ(tokenizer->encode(text), model["encoded"][i].get<std::vector<TokenId>>()) << name << " " << i << ": " << text;
    }
    for (std::size_t i = 0; i < model["ids"].size(); ++i) {
      EXPECT_EQ(tokenizer->decode(model["ids"][i].get<std::vector<TokenId>>()), model["decoded"][i].get<std::string>()) << name << " " << i;
    }
  }
}

// Where transformers has a class for the directory, its settings count and not the file's.
TEST(WordPiece, IdsEqualTransformersWhateverTheFilesSayAboutCase) {
  const Json golden = read_json(kGolden / "word_piece_classes.json");
  for (const Json& entry : golden["cases"]) {
    const TemporaryDirectory folder;
    Json tokenizer = read_json(kGolden / "word_piece/lower/tokenizer.json");
    tokenizer["normalizer"].update(entry["normalizer"]);
    write_atomically(folder.path() / "tokenizer.json", tokenizer.dump());
    for (const auto& [name, content] : entry["files"].items()) {
      if (!content.is_null()) write_atomically(folder.path() / name, content.dump());
    }
    const auto loaded = load_tokenizer(folder.path());
    for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
      EXPECT_EQ(loaded->encode(golden["texts"][i].get<std::string>()), entry["ids"][i].get<std::vector<TokenId>>()) << entry << " " << i;
    }
  }
}

TEST(WordPiece, KnowsItsSpecialTokens) {
  const auto tokenizer = load_tokenizer(kGolden / "word_piece/uncased");
  EXPECT_EQ(tokenizer->bos_id(), tokenizer->token_id("[CLS]"));
  EXPECT_EQ(tokenizer->eos_id(), tokenizer->token_id("[SEP]"));
  EXPECT_EQ(tokenizer->token(1), "[UNK]");
  EXPECT_EQ(tokenizer->token_id(""), std::nullopt);
  EXPECT_THROW(static_cast<void>(tokenizer->token(-1)), Error);
  EXPECT_THAT(tokenizer->encode("\xff"), ElementsAre()) << "invalid bytes are U+FFFD, which BERT leaves out";
}

class WordPieceFile : public testing::Test {
 protected:
  void refused(const Json& file, const std::string& what) const {
    const auto path = folder_.path() / "tokenizer.json";
    write_atomically(path, file.dump());
    EXPECT_THAT([&] { load_tokenizer(path); }, ThrowsMessage<InputError>(HasSubstr(what)));
  }
  TemporaryDirectory folder_;
  Json file_ = read_json(kGolden / "word_piece/uncased/tokenizer.json");
};

TEST_F(WordPieceFile, WhatIsNotBertsIsRefusedByName) {
  const auto changed = [&](const char* pointer, const Json& value) {
    Json file = file_;
    file[Json::json_pointer(pointer)] = value;
    return file;
  };
  refused(changed("/normalizer", {{"type", "NFC"}}), "normalizer.type: \"NFC\" is not supported");
  refused(changed("/normalizer", nullptr), "normalizer.type");
  refused(changed("/normalizer/lowercase", 1), "normalizer.lowercase");
  refused(changed("/pre_tokenizer", {{"type", "Whitespace"}}), "pre_tokenizer.type");
  refused(changed("/decoder/prefix", "@@"), "decoder");
  refused(changed("/model/unk_token", "<x>"), "model.unk_token");
  refused(changed("/model/max_input_chars_per_word", -1), "model.max_input_chars_per_word");
  refused(changed("/model/vocab", Json::array()), "model.vocab");
}

TEST_F(WordPieceFile, TheLongestWordIsAsTheFileSays) {
  Json file = file_;
  file["model"]["max_input_chars_per_word"] = 3;
  const auto path = folder_.path() / "tokenizer.json";
  write_atomically(path, file.dump());
  const auto tokenizer = load_tokenizer(path);
  EXPECT_NE(tokenizer->encode("\xc3\xa9t\xc3\xa9"), std::vector<TokenId>{1}) << "three characters, not five bytes";
  EXPECT_EQ(tokenizer->encode("reel"), std::vector<TokenId>{1});
}

}  // namespace
}  // namespace midillama::text
