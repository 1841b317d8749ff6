#include "midillama/core/terminal.h"

#include "midillama/core/log.h"
#include "midillama/core/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <regex>

namespace midillama {
namespace {

using testing::HasSubstr;
using testing::Not;

// Standard error is a terminal while this lives.
class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)), before_(::dup(STDERR_FILENO)) {
    ::grantpt(master_);
    ::unlockpt(master_);
    const int slave = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    ::dup2(slave, STDERR_FILENO);
    ::close(slave);
  }
  ~Terminal() {
    give_back();
    ::close(master_);
  }

  // What it shows, colours aside, and the end of it.
  std::string text() {
    give_back();
    std::string text;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(master_, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(size));
    return std::regex_replace(text, std::regex("\x1b\\[[0-9;]*m"), "");
  }

 private:
  void give_back() {
    if (before_ < 0) return;
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    before_ = -1;
  }

  int master_;
  int before_;
};

TEST(Terminal, LinesOfTheLogDoNotStickToTheProgress) {
  Terminal terminal;
  {
    Progress progress("align", 4);
    progress.update(1, "loss 2.000");
    log::warning("a clip was cut");
    progress.update(4, "loss 1.000");
  }
  log::warning("after it");
  const std::string text = terminal.text();
  EXPECT_THAT(text, HasSubstr("\r\x1b[K"
                              "align 1/4 [######"));
  EXPECT_THAT(text, testing::ContainsRegex("\r\x1b\\[Kwarning: a clip was cut\r\n\r\x1b\\[Kalign 1/4"));
  EXPECT_THAT(text, testing::ContainsRegex("align 4/4 [^\r]*\r\nwarning: after it\r\n$"));
}

TEST(Terminal, ShortWorkThatIsMostlyShortShowsNothing) {
  Terminal terminal;
  {
    Progress progress = Progress::when_long("reading", 2);
    progress.advance();
    progress.advance();
  }
  EXPECT_EQ(terminal.text(), "");
}

TEST(Terminal, AStepThatGoesOnShowsThatTimePasses) {
  Terminal terminal;
  {
    const Progress progress = Progress::when_long("loading");
    ::usleep(1'200'000);
  }
  EXPECT_THAT(terminal.text(), HasSubstr("loading  0:01"));
}

TEST(Terminal, NobodyGetsColoursWhoAskedForNone) {
  Terminal terminal;
  ::unsetenv("NO_COLOR");
  ::unsetenv("TERM");
  EXPECT_TRUE(shows_colours(STDERR_FILENO));
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(shows_colours(STDERR_FILENO));
  ::unsetenv("TERM");
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(shows_colours(STDERR_FILENO));
  ::setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(shows_colours(STDERR_FILENO));
  ::unsetenv("NO_COLOR");
}

}  // namespace
}  // namespace midillama
