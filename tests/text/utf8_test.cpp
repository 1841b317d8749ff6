#include "midillama/text/utf8.h"

#include <gtest/gtest.h>

namespace midillama::text {
namespace {

std::string repaired(std::string_view text) {
  std::string storage;
  return std::string(valid_utf8(text, storage));
}

TEST(Utf8, ValidTextIsPassedThroughWithoutACopy) {
  const std::string text = "a\xc3\xa9\xe2\x99\xa9\xf0\x9f\x8e\xb5";
  std::string storage;
  EXPECT_EQ(valid_utf8(text, storage).data(), text.data());
}

TEST(Utf8, CodePointsSurviveARoundTrip) {
  for (const char32_t c : {U'\0', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xd7ff', U'\xe000', U'\xffff', U'\x10000', U'\x10ffff'}) {
    std::string text;
    append_utf8(text, c);
    std::string_view rest = text;
    EXPECT_EQ(take_code_point(rest), c);
    EXPECT_TRUE(rest.empty());
  }
}

// Expected values: Python's bytes.decode("utf-8", "replace").
TEST(Utf8, InvalidBytesBecomeReplacementCharacters) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(repaired("a\x80z"), "a" + r + "z");
  EXPECT_EQ(repaired("\xc0\xaf"), r + r);
  EXPECT_EQ(repaired("\xe2\x99z"), r + "z");
  EXPECT_EQ(repaired("\xe2\x99"), r);
  EXPECT_EQ(repaired("\xed\xa0\x80"), r + r + r);
  EXPECT_EQ(repaired("\xf0\x9f\x8e"
                     "a"),
            r + "a");
  EXPECT_EQ(repaired("\xf4\x90\x80\x80"), r + r + r + r);
  EXPECT_EQ(repaired("\xf5\xff\xc3\xa9"), r + r + "\xc3\xa9");
}

TEST(Utf8, StripRemovesWhatPythonCallsSpace) {
  EXPECT_EQ(strip("\x1c\xc2\xa0 a b \xe3\x80\x80\r\n"), "a b");
  EXPECT_EQ(rstrip(" a\xe2\x80\xa8"), " a");
  EXPECT_EQ(strip("\xe2\x80\x8b"), "\xe2\x80\x8b");
  EXPECT_EQ(strip(" \t "), "");
  EXPECT_EQ(strip("\x80"), "\x80");
}

}  // namespace
}  // namespace midillama::text
