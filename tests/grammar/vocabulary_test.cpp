#include "midillama/grammar/vocabulary.h"

#include "grammar/byte_tokenizer.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::grammar {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

TEST(Vocabulary, HasTheBytesOfEveryTokenAndNoneOfThoseThatStop) {
  const ByteTokenizer tokenizer({"{\"", "<end>"});
  const Vocabulary vocabulary(tokenizer, {257});
  EXPECT_EQ(vocabulary.size(), 259);
  EXPECT_EQ(vocabulary.bytes('a'), "a");
  EXPECT_EQ(vocabulary.bytes(256), "{\"");
  EXPECT_EQ(vocabulary.bytes(257), "");
  EXPECT_EQ(vocabulary.bytes(258), "");
  EXPECT_EQ(vocabulary.stop_ids(), std::vector<text::TokenId>{257});
}

TEST(Vocabulary, TokenizersThatCannotWriteJsonAreRefused) {
  EXPECT_THAT(error_of([] { Vocabulary(ByteTokenizer(), {'}'}); }), HasSubstr("'}'"));
  EXPECT_THAT(error_of([] { Vocabulary(ByteTokenizer(), {1000}); }), HasSubstr("no token 1000"));
  EXPECT_THAT(error_of([] { Vocabulary(ByteTokenizer(), {-1}); }), HasSubstr("no token -1"));
  EXPECT_THAT(error_of([] { Vocabulary(*text::load_tokenizer("tests/golden/text/word_piece/uncased")); }), HasSubstr("cannot write"));
}

// Without all bytes that continue one, a character that a token begins might have no end.
TEST(Vocabulary, PartsOfCharactersAreLeftOutWhereTheyMightHaveNoEnd) {
  EXPECT_EQ(Vocabulary(ByteTokenizer({"\xC3"})).bytes(256), "\xC3");
  EXPECT_EQ(Vocabulary(ByteTokenizer({"\xC3"}), {0x80}).bytes(256), "");
  EXPECT_EQ(Vocabulary(ByteTokenizer({"\xC3\xA9"}), {0x80}).bytes(256), "\xC3\xA9");
}

}  // namespace
}  // namespace midillama::grammar
