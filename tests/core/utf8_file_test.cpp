#include "midillama/core/utf8_file.h"

#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama {
namespace {

// Kind C25.
TEST(Utf8File, BytesThatAreNotUtf8AreRefusedByLine) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "tags.yaml";
  write_atomically(file, "f\xc3\xbcr\n");
  EXPECT_EQ(read_utf8(file), "f\xc3\xbcr\n");
  for (const char* bytes : {"f\xfcr", "\xc3", "\xed\xa0\x80", "\xff"}) {
    write_atomically(file, std::string("a: b\nc: ") + bytes + "\n");
    EXPECT_THAT([&] { read_utf8(file); },
                testing::ThrowsMessage<InputError>(testing::AllOf(testing::HasSubstr("tags.yaml"), testing::HasSubstr("line 2"),
                                                                  testing::HasSubstr("is not valid UTF-8"))));
  }
}

}  // namespace
}  // namespace midillama
