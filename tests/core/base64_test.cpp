#include "midillama/core/base64.h"

#include <gtest/gtest.h>

namespace midillama {
namespace {

// RFC 4648, section 10.
TEST(Base64, TheVectorsOfItsDefinition) {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  EXPECT_EQ(from_base64(to_base64("\xff\xfe\x00\x80")), std::string("\xff\xfe"));
}

TEST(Base64, EveryByteSurvives) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
}

TEST(Base64, WhatIsNoneIsNothing) {
  for (const char* text : {"Zg", "Zg=", "Z!==", "====", "Zm9v\n", "Zm=v", "Zg==Zg=="}) EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace midillama
