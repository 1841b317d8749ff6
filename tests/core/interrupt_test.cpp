#include "midillama/core/interrupt.h"

#include "midillama/core/directory.h"
#include "midillama/core/file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

namespace midillama {
namespace {

namespace fs = std::filesystem;

// A process that watches for signals and runs `body`; told to end once it has written a byte to its pipe.
class Watching {
 public:
  explicit Watching(const std::function<void(const std::function<void()>& ready)>& body) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    ready_ = ends[0];
    child_ = ::fork();
    if (child_ != 0) return;
    watch_interrupts();
    body([&] { std::ignore = ::write(ends[1], "x", 1); });
    ::_exit(0);
  }
  void await_ready() const {
    char byte;
    EXPECT_EQ(::read(ready_, &byte, 1), 1);
  }
  void signal(int number) const { ::kill(child_, number); }
  // The exit status, or 128 + signal.
  int wait() const {
    int status = 0;
    ::waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int ready_ = -1;
  pid_t child_ = -1;
};

void sleep_forever() {
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

TEST(Interrupt, EndsTheProgramAndRemovesWhatWasHalfMade) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const TemporaryDirectory folder;
    const Watching child([&](const auto& ready) {
      forget_on_interrupt(folder.path());  // it is the parent's
      const TemporaryDirectory scratch(folder.path());
      write_atomically(scratch.path() / "file", "x");
      const StagedDirectory staged(folder.path() / "out");
      write_atomically(staged.path() / "half", "x");
      ready();
      sleep_forever();
    });
    child.await_ready();
    child.signal(number);
    EXPECT_EQ(child.wait(), 128 + number);
    EXPECT_TRUE(fs::is_empty(folder.path()));
  }
}

TEST(Interrupt, TheFirstIsNotedDuringADelayAndTheSecondEnds) {
  const Watching child([](const auto& ready) {
    const InterruptDelay delay("it ends soon");
    ready();
    while (noted_interrupt() == 0) std::this_thread::yield();
    if (noted_interrupt() != SIGTERM) ::_exit(1);
    ready();
    sleep_forever();
  });
  child.await_ready();
  child.signal(SIGTERM);
  child.await_ready();
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(), 128 + SIGINT);
}

TEST(Interrupt, ADelayMayBeOfCtrlCOnly) {
  for (const int number : {SIGTERM, SIGHUP}) {
    const Watching child([](const auto& ready) {
      const InterruptDelay delay("", InterruptDelay::Of::ctrl_c);
      ready();
      while (noted_interrupt() != SIGINT) std::this_thread::yield();
      ready();
      sleep_forever();
    });
    child.await_ready();
    child.signal(SIGINT);
    child.await_ready();
    child.signal(number);
    EXPECT_EQ(child.wait(), 128 + number);
  }
  const Watching child([](const auto& ready) {
    const InterruptDelay delay("", InterruptDelay::Of::ctrl_c);
    ready();
    sleep_forever();
  });
  child.await_ready();
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(), 128 + SIGTERM) << "the first one, too";
}

TEST(Interrupt, IsNamed) {
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(SIGINT), "SIGINT");
}

TEST(Interrupt, AClosedTerminalIsIgnoredWhereItWasIgnoredBefore) {
  ::signal(SIGHUP, SIG_IGN);
  const Watching child([](const auto& ready) {
    ready();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  });
  ::signal(SIGHUP, SIG_DFL);
  child.await_ready();
  child.signal(SIGHUP);
  EXPECT_EQ(child.wait(), 0);
}

}  // namespace
}  // namespace midillama
