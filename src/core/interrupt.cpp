#include "midillama/core/interrupt.h"

#include "midillama/core/log.h"
#include "midillama/core/temporary.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace midillama {
namespace {

// Delays do not nest.
std::atomic<bool> delayed = false;
std::atomic<bool> only_ctrl_c = false;  // is delayed
std::atomic<int> noted = 0;

// Never destroyed: a signal may come while the program ends.
struct Announcement {
  std::mutex mutex;
  std::string text;
};
Announcement& announcement() {
  static Announcement& instance = *new Announcement;
  return instance;
}

// nohup has a closed terminal ignored, and so it stays.
bool is_ignored(int signal) {
  struct sigaction action = {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (!is_ignored(SIGHUP)) sigaddset(&signals, SIGHUP);
  return signals;
}

// As if nobody had watched, so that whoever started the program sees which signal ended it.
[[noreturn]] void end_by(int signal) {
  remove_interrupted();
  ::signal(signal, SIG_DFL);
  const sigset_t signals = watched_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  ::raise(signal);
  ::_exit(128 + signal);  // process 1 of a container does not die of its own signals
}

[[noreturn]] void watch() {
  const sigset_t signals = watched_signals();
  for (;;) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    int none = 0;
    const bool is_delayed = delayed && (signal == SIGINT || !only_ctrl_c);
    if (!is_delayed || !noted.compare_exchange_strong(none, signal)) end_by(signal);
    const std::lock_guard lock(announcement().mutex);
    if (!announcement().text.empty()) log::warning("{}: {}", signal_name(signal), announcement().text);
  }
}

}  // namespace

void watch_interrupts() {
  const sigset_t signals = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(watch).detach();
}

int noted_interrupt() {
  return noted;
}

InterruptDelay::InterruptDelay(const std::string& text, Of signals) {
  const std::lock_guard lock(announcement().mutex);
  announcement().text = text;
  only_ctrl_c = signals == Of::ctrl_c;
  delayed = true;
}

InterruptDelay::~InterruptDelay() {
  delayed = false;
  noted = 0;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

}  // namespace midillama
