// What tokens add to a text, beside what decode() makes of them.
#include "midillama/core/random.h"
#include "midillama/text/tokenizer.h"
#include "midillama/text/utf8.h"

#include <gtest/gtest.h>

namespace midillama::text {
namespace {

struct Kind {
  const char* path;
  bool drops_first_space;
};

class TokenBytes : public testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(Kinds, TokenBytes,
                         testing::Values(Kind{"gpt2", false}, Kind{"llama3", false}, Kind{"tiktoken", false},
                                         Kind{"sentencepiece.model", true}, Kind{"character_level/metaspace", true},
                                         Kind{"character_level/prepend", true}, Kind{"character_level/chatml", true}));

std::string bytes_of(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  std::string bytes;
  for (const TokenId id : ids) bytes += tokenizer.token_bytes(id);
  return bytes;
}

void expect_equal(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  const std::string bytes = bytes_of(tokenizer, ids);
  if (!is_valid_utf8(bytes)) return;
  const std::string decoded = tokenizer.decode(ids);
  const bool is_without_space = tokenizer.drops_first_space() && " " + decoded == bytes;
  EXPECT_TRUE(decoded == bytes || is_without_space) << testing::PrintToString(ids) << ": \"" << decoded << "\", \"" << bytes << "\"";
}

TEST_P(TokenBytes, OneAfterTheOtherAreTheDecodedText) {
  const auto tokenizer = load_tokenizer(std::filesystem::path("tests/golden/text") / GetParam().path);
  EXPECT_EQ(tokenizer->drops_first_space(), GetParam().drops_first_space);
  for (const char* text : {"{\"key\": \"G major\"}", " a  reel", "é 日本 😀", "\n\t", "6/8"})
    expect_equal(*tokenizer, tokenizer->encode(text));
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    std::vector<TokenId> ids;
    for (std::uint64_t n = 1 + random.below(5); n > 0; --n) {
      const auto id = static_cast<TokenId>(random.below(static_cast<std::uint64_t>(tokenizer->vocab_size())));
      if (!tokenizer->token_bytes(id).empty()) ids.push_back(id);
    }
    expect_equal(*tokenizer, ids);
  }
}

TEST_P(TokenBytes, AreNoneForSpecialTokensAndBeyondTheVocabulary) {
  const auto tokenizer = load_tokenizer(std::filesystem::path("tests/golden/text") / GetParam().path);
  EXPECT_EQ(tokenizer->token_bytes(-1), "");
  EXPECT_EQ(tokenizer->token_bytes(tokenizer->vocab_size()), "");
  for (const auto id : {tokenizer->bos_id(), tokenizer->eos_id()}) {
    EXPECT_EQ(tokenizer->token_bytes(id.value_or(-1)), "") << id.value_or(-1);
  }
}

TEST(WordPieceBytes, AreNone) {
  const auto tokenizer = load_tokenizer("tests/golden/text/word_piece/uncased");
  for (TokenId id = 0; id < tokenizer->vocab_size(); ++id) EXPECT_EQ(tokenizer->token_bytes(id), "");
}

}  // namespace
}  // namespace midillama::text
