// A terminal that a test types into and looks at.
#pragma once

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace midillama::serve {

class PseudoTerminal {
 public:
  PseudoTerminal() {
    if (::openpty(&master_, &slave_, nullptr, nullptr, nullptr) != 0) throw std::runtime_error("no pseudo terminal can be had");
    ::fcntl(master_, F_SETFL, O_NONBLOCK);
    in_ = ::fdopen(::dup(slave_), "r");
    out_ = ::fdopen(::dup(slave_), "w");
  }
  ~PseudoTerminal() {
    if (typist_.joinable()) typist_.join();
    if (child_ > 0) ::kill(child_, SIGKILL), ::waitpid(child_, nullptr, 0);
    std::fclose(in_);
    std::fclose(out_);
    ::close(slave_);
    ::close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  std::FILE* in() { return in_; }
  std::FILE* out() { return out_; }

  // Types the keys once this has been shown after what was waited for before. With a program that runs it waits here, else in a thread.
  void press_after(const std::string& sign, const std::string& keys) {
    if (typist_.joinable()) typist_.join();
    const auto work = [this, sign, keys] {
      wait_for(sign);
      if (::write(master_, keys.data(), keys.size()) < 0) std::perror("typing");
    };
    if (child_ > 0) {
      work();
    } else {
      typist_ = std::thread(work);
    }
  }

  // Starts a program in this terminal.
  void start(const std::vector<std::string>& command) {
    child_ = ::fork();
    if (child_ != 0) return;
    ::setenv("TERM", "vt100", 1);
    ::login_tty(slave_);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  // A signal to the program that was started.
  void send(int signal) const { ::kill(child_, signal); }

  // Of the program that was started; 128 + signal where a signal ended it.
  int exit_status() {
    int status = 0;
    for (const auto end = Clock::now() + kPatience; ::waitpid(child_, &status, WNOHANG) == 0; look()) {
      if (Clock::now() > end) return -1;
    }
    child_ = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  const std::string& shown() const { return shown_; }

  // Of the line discipline: whether lines and echo are the terminal's own business.
  tcflag_t modes() const {
    termios state = {};
    ::tcgetattr(slave_, &state);
    return state.c_lflag;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPatience{60};

  void look() {
    char part[4096];
    for (ssize_t count; (count = ::read(master_, part, sizeof(part))) > 0;) shown_.append(part, static_cast<std::size_t>(count));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  void wait_for(const std::string& sign) {
    for (const auto end = Clock::now() + kPatience; Clock::now() < end; look()) {
      if (const auto at = shown_.find(sign, seen_); at != std::string::npos) {
        seen_ = at + sign.size();
        return;
      }
    }
  }

  int master_ = -1, slave_ = -1;
  std::FILE *in_ = nullptr, *out_ = nullptr;
  pid_t child_ = 0;
  std::string shown_;
  std::size_t seen_ = 0;
  std::thread typist_;
};

}  // namespace midillama::serve
