#include "midillama/core/file.h"
#include "midillama/text/tokenizer.h"
#include "support/error_of.h"
#include "text/character_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::text {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

const std::filesystem::path kGoldens = "tests/golden/text";

const std::vector<std::string> kTexts = {"Question: Which dance is this tune?\nAnswer:\nIt is a reel in G major.",
                                         "Question: What is the meter?\nAnswer:\nThe meter is 6/8, as in a jig.",
                                         "A slow air in D dorian with 12 bars."};

struct SentencePieceTest : testing::Test {
  std::unique_ptr<Tokenizer> train(std::int64_t vocab_size) const {
    train_sentencepiece(kTexts, vocab_size, folder.path() / "tokenizer.model");
    return load_tokenizer(folder.path());
  }
  TemporaryDirectory folder;
};

TEST_F(SentencePieceTest, TrainsTheSpecialIdsFirst) {
  const auto tokenizer = train(320);
  EXPECT_EQ(tokenizer->token(0), "<unk>");
  EXPECT_EQ(tokenizer->bos_id(), 1);
  EXPECT_EQ(tokenizer->eos_id(), 2);
  EXPECT_EQ(tokenizer->token_id("</s>"), 2);
  EXPECT_EQ(tokenizer->token_id("<pad>"), std::nullopt);
  EXPECT_LE(tokenizer->vocab_size(), 320);
}

TEST_F(SentencePieceTest, EveryTextSurvivesARoundTrip) {
  const auto tokenizer = train(400);
  for (const std::string text : {"A reel.\nIn G major.\n", "  two  spaces  ", "\n\n", "\tTempo \xe2\x99\xa9 = 120",
                                 "\xf0\x9f\x8e\xb5 \xd7\xa9\xd7\x9c", "</s> <unk>", ""}) {
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  }
}

TEST_F(SentencePieceTest, DigitsAndLineBreaksAreTokensOfTheirOwn) {
  const auto tokenizer = train(400);
  const auto ids = tokenizer->encode("6\n12");
  ASSERT_GE(ids.size(), 4u);
  EXPECT_EQ(tokenizer->token(ids[ids.size() - 3]), "<0x0A>");
  EXPECT_EQ(tokenizer->token(ids[ids.size() - 2]), "1");
  EXPECT_EQ(tokenizer->token(ids[ids.size() - 1]), "2");
}

TEST_F(SentencePieceTest, ASmallCorpusGivesASmallVocabulary) {
  EXPECT_LT(train(30000)->vocab_size(), 1000);
}

TEST_F(SentencePieceTest, TrainingIsRepeatable) {
  train(350);
  const auto first = read_bytes(folder.path() / "tokenizer.model");
  train(350);
  EXPECT_EQ(read_bytes(folder.path() / "tokenizer.model"), first);
}

TEST_F(SentencePieceTest, TrainingIsSilent) {
  testing::internal::CaptureStderr();
  train(350);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(SentencePieceTest, ControlTokensInTextAreTextAndAreLeftOutWhenDecoded) {
  const auto tokenizer = train(400);
  EXPECT_THAT(tokenizer->encode("a </s> b"), testing::Not(testing::Contains(2)));
  auto ids = tokenizer->encode("A reel.");
  ids.insert(ids.begin(), 1);
  ids.push_back(2);
  EXPECT_EQ(tokenizer->decode(ids), "A reel.");
}

TEST_F(SentencePieceTest, InvalidUtf8IsAReplacementCharacter) {
  const auto tokenizer = train(350);
  EXPECT_EQ(tokenizer->encode("a\xe2\x99 b\xff"), tokenizer->encode("a\xef\xbf\xbd b\xef\xbf\xbd"));
}

TEST_F(SentencePieceTest, IdsBeyondTheVocabularyAreLeftOut) {
  const auto tokenizer = train(350);
  auto ids = tokenizer->encode("A reel.");
  ids.push_back(tokenizer->vocab_size());
  EXPECT_EQ(tokenizer->decode(ids), "A reel.");
  EXPECT_THROW(tokenizer->decode(std::vector<TokenId>{-1}), Error);
  EXPECT_THROW(tokenizer->token(tokenizer->vocab_size()), Error);
}

TEST_F(SentencePieceTest, NoTextOrTooSmallAVocabularyIsAnError) {
  EXPECT_THROW(train_sentencepiece({}, 300, folder.path() / "m"), InputError);
  EXPECT_THROW(train_sentencepiece(kTexts, 200, folder.path() / "m"), InputError);
  const std::vector<std::string> wide = {"abcdefghijklmnopqrstuvwxyz äöü 音楽"};
  EXPECT_NO_THROW(train_sentencepiece(wide, 259 + 32, folder.path() / "wide"));
  try {
    train_sentencepiece(wide, 259 + 31, folder.path() / "m");
    FAIL() << "too few tokens for the characters";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no tokenizer of 290 tokens can be trained: the texts' characters alone take 291"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "m"));
}

TEST_F(SentencePieceTest, AFileThatIsNoModelIsNamed) {
  const auto file = folder.path() / "tokenizer.model";
  const auto whole = read_bytes(kGoldens / "sentencepiece.model");
  for (const std::string& content :
       {std::string("\x0a\xff\xff\xff\xff"), std::string(whole.begin(), whole.begin() + 3000), std::string()}) {
    write_atomically(file, content);
    EXPECT_THAT(error_of([&] { load_tokenizer(folder.path()); }),
                testing::AllOf(HasSubstr(file.string()), HasSubstr("is not a sentencepiece model"), testing::Not(HasSubstr(".cc"))));
  }
  EXPECT_THROW(load_tokenizer(folder.path() / "missing"), InputError);
}

// Kind C22: the library follows the map wherever it leads.
TEST(SentencePieceCharacterMap, IsFollowedOnlyWhereItLeadsSomewhere) {
  constexpr std::size_t kUnits = 256;
  const auto with_map = [](const std::string& map) {
    const auto field = [](char tag, const std::string& content) {
      std::string text(1, tag);
      std::size_t length = content.size();
      for (; length >= 0x80; length >>= 7) text += static_cast<char>((length & 0x7F) | 0x80);
      return text + static_cast<char>(length) + content;
    };
    return broken_character_map(field('\x0a', "a piece") + field('\x1a', field('\x0a', "name") + field('\x12', map)));
  };
  const auto map_of = [](std::vector<std::uint32_t> units, const std::string& texts) {
    units.resize(kUnits);
    const auto bytes = static_cast<std::uint32_t>(units.size() * sizeof(std::uint32_t));
    std::string map(reinterpret_cast<const char*>(&bytes), sizeof(bytes));
    map.append(reinterpret_cast<const char*>(units.data()), bytes);
    return map + texts;
  };
  const std::string end("\0", 1), texts = "abc" + end;
  const std::uint32_t to_leaf = 1 | 1U << 8 | 2U << 10;  // byte 1 leads to the leaf in unit 1 ^ 2
  EXPECT_EQ(broken_character_map(""), "");
  EXPECT_EQ(broken_character_map("no protocol buffer"), "");
  EXPECT_EQ(with_map(""), "");
  EXPECT_EQ(with_map(map_of({}, texts)), "");
  EXPECT_EQ(with_map(map_of({0, to_leaf, 0, 3}, texts)), "");
  EXPECT_NE(with_map(map_of({0, to_leaf, 0, 4}, texts)), "") << "a text beyond the last";
  EXPECT_NE(with_map(map_of({0, 1 | 300U << 10}, texts)), "") << "a unit beyond the last";
  EXPECT_NE(with_map(map_of({1U << 9 | 1U << 10}, texts)), "") << "a large offset";
  EXPECT_NE(with_map(map_of({}, "abc")), "") << "a text without end";
  EXPECT_NE(with_map(map_of({}, "")), "") << "no texts";
  EXPECT_NE(with_map("\x01"), "");
}

void expect_equal(const Tokenizer& tokenizer, const Json& expected) {
  for (const Json& row : expected["encode"]) EXPECT_EQ(Json(tokenizer.encode(row["text"].get<std::string>())), row["ids"]) << row["text"];
  for (const Json& row : expected["decode"]) EXPECT_EQ(tokenizer.decode(row["ids"].get<std::vector<TokenId>>()), row["text"]) << row["ids"];
}

TEST(GoldenSentencePiece, EncodesAndDecodesAsTheReference) {
  const Json golden = read_json(kGoldens / "sentencepiece.json");
  expect_equal(*load_sentencepiece(kGoldens / "sentencepiece.model"), golden);
  expect_equal(*load_sentencepiece(kGoldens / "sentencepiece.model", Prefix::none), golden["without_prefix"]);
}

// Kind C22.
TEST(GoldenSentencePiece, TheFilesBesideItMayLeaveOutTheSpaceBeforeAText) {
  const TemporaryDirectory folder;
  std::filesystem::copy_file(kGoldens / "sentencepiece.model", folder.path() / "tokenizer.model");
  write_atomically(folder.path() / "tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer", "add_prefix_space": false})");
  expect_equal(*load_tokenizer(folder.path()), read_json(kGoldens / "sentencepiece.json")["without_prefix"]);
}

TEST(GoldenSentencePiece, TrainsThePiecesOfTheReference) {
  const Json golden = read_json(kGoldens / "sentencepiece.json");
  const TemporaryDirectory folder;
  train_sentencepiece(golden["lines"].get<std::vector<std::string>>(), golden["vocab_size"], folder.path() / "tokenizer.model");
  const auto tokenizer = load_tokenizer(folder.path());
  ASSERT_EQ(tokenizer->vocab_size(), golden["pieces"].size());
  for (TokenId id = 0; id < tokenizer->vocab_size(); ++id) EXPECT_EQ(tokenizer->token(id), golden["pieces"][id]);
}

}  // namespace
}  // namespace midillama::text
