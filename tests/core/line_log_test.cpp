#include "midillama/core/line_log.h"

#include "midillama/core/file.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <string>
#include <vector>

namespace midillama {
namespace {

using testing::AllOf;
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

// Lines that end with a full stop are whole.
void take_whole(std::string_view line, std::size_t number, LineLog::Place) {
  if (!line.ends_with('.')) throw InputError("log", "line " + std::to_string(number), "is cut");
}

TEST_F(ALineLog, ALineThatWasCutGoesWithTheNextWhereverItWasCut) {
  const std::string whole = "one.\ntwo and more.\n";
  std::filesystem::create_directories(file().parent_path());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string left = whole.substr(0, size);
    write_atomically(file(), left);
    { const LineLog log(file(), take_whole); }
    EXPECT_EQ(read_binary(file()), left) << "one that reads changes nothing";
    LineLog(file(), take_whole).add("next.");
    const std::string kept = size + 1 < whole.size() ? size < 4 ? "" : "one.\n" : whole;
    EXPECT_EQ(read_binary(file()), kept + "next.\n") << size;
  }
}

TEST_F(ALineLog, EmptyLinesArePassedOverAndOthersSayWhatToDo) {
  write_atomically(file(), "one.\n\n \r\ntwo.\n");
  LineLog log(file(), take_whole);
  EXPECT_EQ(log.at(log.add("three.")), "three.");
  write_atomically(file(), "one.\n" + std::string(3, '\0') + "\ntwo.\n");
  EXPECT_THAT(testing_support::error_of([&] { LineLog(file(), take_whole); }), AllOf(HasSubstr("line 2"), HasSubstr("delete the line")));
}

TEST_F(ALineLog, RoomIsAskedForBeforeWhatIsPaidForComes) {
  LineLog log(file(), pass_over);
  log.require_room(1000);
  EXPECT_EQ(read_binary(file()), "") << "nothing stays of the try";
  EXPECT_EQ(log.at(log.add("one")), "one");
  log.require_room(1000);
  EXPECT_EQ(log.at(log.add("two")), "two");
  EXPECT_EQ(read_binary(file()), "one\ntwo\n");
  write_atomically(file(), "one\ntwo\n" + std::string(500, ' '));
  EXPECT_THAT(lines(), ElementsAre("one", "two")) << "what a kill leaves of a try";
}

TEST_F(ALineLog, WithoutRoomNothingIsLost) {
  write_atomically(file(), "one");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{3, before.rlim_max};
  LineLog log(file(), pass_over);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::vector<std::string> errors;
  for (int i = 0; i < 2; ++i) errors.push_back(testing_support::error_of([&] { log.require_room(1000); }));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  for (const auto& error : errors) EXPECT_THAT(error, AllOf(HasSubstr(file().string()), HasSubstr("cannot be written")));
  EXPECT_EQ(read_binary(file()), "one");
  log.require_room(1000);
  log.add("two");
  EXPECT_EQ(read_binary(file()), "one\ntwo\n");
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
