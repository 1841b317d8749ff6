#include "midillama/core/line_log.h"

#include "midillama/core/file.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

namespace midillama {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ALineLog : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder.path() / "made" / "log"; }
  std::vector<std::string> lines() {
    std::vector<std::string> found;
    LineLog(file(), [&](std::string_view line, std::size_t number, LineLog::Place) {
      found.emplace_back(line);
      EXPECT_EQ(number, found.size());
    });
    return found;
  }
  static void pass_over(std::string_view, std::size_t, LineLog::Place) {}

  TemporaryDirectory folder;
};

TEST_F(ALineLog, KeepsWhatIsAdded) {
  {
    LineLog log(file(), pass_over);
    EXPECT_FALSE(std::filesystem::exists(file())) << "nothing yet";
    const auto one = log.add("one");
    const auto two = log.add("two ♯");
    EXPECT_EQ(log.at(one), "one");
    EXPECT_EQ(log.at(two), "two ♯");
  }
  EXPECT_THAT(lines(), ElementsAre("one", "two ♯"));
  LineLog again(file(), pass_over);
  EXPECT_EQ(again.at(again.add("three")), "three");
  EXPECT_EQ(read_binary(file()), "one\ntwo ♯\nthree\n");
}

TEST_F(ALineLog, ALineThatWasCutGoesWhereverItWasCut) {
  const std::string whole = "one\ntwo and more\n";
  std::filesystem::create_directories(file().parent_path());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(file(), std::ios::binary) << whole.substr(0, size);
    EXPECT_EQ(lines().size(), size < 4 ? 0u : 1u) << size;
    LineLog(file(), pass_over).add("next");
    EXPECT_EQ(read_binary(file()), size < 4 ? "next\n" : "one\nnext\n") << size;
  }
}

TEST_F(ALineLog, SaysWhereItCannotBeUsed) {
  std::filesystem::create_directories(file());
  EXPECT_THAT(testing_support::error_of([&] { LineLog(file(), pass_over).add("x"); }), HasSubstr(file().string()));
  std::filesystem::remove(file());
  LineLog log(file(), pass_over);
  const auto place = log.add("a long line");
  std::filesystem::resize_file(file(), 3);
  EXPECT_THAT(testing_support::error_of([&] { log.at(place); }), HasSubstr("was shortened"));
}

}  // namespace
}  // namespace midillama
