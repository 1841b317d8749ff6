#include "midillama/core/interrupt.h"

#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "midillama/core/process.h"

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

TEST(Interrupt, DuringADelayReachesTheProgramThatIsWaitedFor) {
  const TemporaryDirectory folder;
  const Watching child([&](const auto& ready) {
    forget_on_interrupt(folder.path());
    const InterruptDelay delay("");
    std::thread told([&] {
      while (!fs::exists(folder.path() / "started")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ready();
    });
    const std::string script = "trap 'echo ended; exit 7' TERM; touch started; while :; do sleep 0.02; done";
    const auto process = run_logged({"env", "-C", folder.path().string(), "sh", "-c", script}, folder.path() / "log");
    told.join();
    ::_exit(process.status == 7 && noted_interrupt() == SIGINT ? 0 : 1);
  });
  child.await_ready();
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(read_text(folder.path() / "log"), "ended\n");
}

TEST(Process, IsLoggedAndMeasured) {
  const TemporaryDirectory folder;
  const auto log = folder.path() / "logs/one.txt";
  const auto process = run_logged({"sh", "-c", "echo out; echo error >&2; exit 3"}, log);
  EXPECT_EQ(process.status, 3);
  EXPECT_EQ(read_text(log), "out\nerror\n");
  EXPECT_GT(process.peak_memory, 1 << 16);
  EXPECT_LT(process.peak_memory, 1 << 30);
  const auto next = run_logged({"echo", "again"}, log);
  EXPECT_EQ(next.status, 0);
  EXPECT_EQ(read_text(log), "out\nerror\nagain\n") << "an earlier try's output is lost to nobody";
  EXPECT_EQ(next.log_begin, 10U);
  EXPECT_EQ(run_logged({"sh", "-c", "kill -9 $$"}, log).status, 128 + SIGKILL);
  EXPECT_THROW(run_logged({"no-such-program"}, log), Error);
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
