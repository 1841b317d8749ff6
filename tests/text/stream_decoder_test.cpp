#include "midillama/text/stream_decoder.h"

#include "midillama/text/utf8.h"

#include <gtest/gtest.h>

namespace midillama::text {
namespace {

const std::vector<std::string> kTexts = {
    "It is in G major, 6/8.", " leading and trailing ", "Ein Ländler in Fis-Dur: ♯♭ 𝄞 é", "two\n\nlines  with   spaces", "日本の曲 🎵🎶", ""};

// Every step is valid UTF-8 and goes on from the one before; the last is what decode() gives.
void expect_streams(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamDecoder stream(tokenizer);
  std::string before;
  for (const TokenId id : ids) {
    const std::string text(stream.push(id));
    std::string repaired;
    EXPECT_EQ(valid_utf8(text, repaired), text);
    EXPECT_TRUE(text.starts_with(before)) << before << " | " << text;
    before = text;
  }
  EXPECT_EQ(stream.finish(), tokenizer.decode(ids));
}

TEST(StreamDecoder, EveryKindOfTokenizerStreamsItsTexts) {
  for (const char* path : {"tests/golden/text/llama3", "tests/golden/text/gpt2", "tests/golden/text/sentencepiece.model"}) {
    const auto tokenizer = load_tokenizer(path);
    for (const auto& text : kTexts) expect_streams(*tokenizer, tokenizer->encode(text));
  }
}

TEST(StreamDecoder, ACharacterComesWithItsLastToken) {
  const auto tokenizer = load_tokenizer("tests/golden/text/llama3");
  const auto ids = tokenizer->encode("\xF0\x9D\x84\x9E");  // a clef, several tokens
  ASSERT_GT(ids.size(), 1U);
  StreamDecoder stream(*tokenizer);
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) EXPECT_EQ(stream.push(ids[i]), "");
  EXPECT_EQ(stream.push(ids.back()), "\xF0\x9D\x84\x9E");
}

TEST(StreamDecoder, WhatNeverBecomesACharacterIsReplacedAtTheEnd) {
  const auto tokenizer = load_tokenizer("tests/golden/text/llama3");
  auto ids = tokenizer->encode("a \xF0\x9D\x84\x9E");
  ids.pop_back();
  expect_streams(*tokenizer, ids);
}

TEST(StreamDecoder, SpecialTokensLeaveTheSpaceAfterThemAsDecodeDoes) {
  const auto tokenizer = load_tokenizer("tests/golden/text/sentencepiece.model");
  auto ids = tokenizer->encode("a reel");
  const auto more = tokenizer->encode("a jig");
  ids.push_back(*tokenizer->eos_id());
  ids.insert(ids.end(), more.begin(), more.end());
  expect_streams(*tokenizer, ids);
}

}  // namespace
}  // namespace midillama::text
