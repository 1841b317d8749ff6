#include "midillama/core/progress.h"

#include "midillama/core/log.h"
#include "midillama/core/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace midillama {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;

constexpr milliseconds kRedraw{100};    // between two redraws of a terminal's line
constexpr milliseconds kClock{1000};    // a terminal's line shows the time of a step that goes on
constexpr milliseconds kPlain{10'000};  // between two plain lines
constexpr std::size_t kBarWidth = 24;

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) : fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace

Progress::Progress(std::string what, std::size_t total, bool enabled, std::size_t already_done)
    : Progress(std::move(what), total, enabled, already_done, First::at_once) {}

Progress Progress::when_long(std::string what, std::size_t total, bool enabled) {
  return Progress(std::move(what), total, enabled, 0, First::when_long);
}

Progress::Progress(std::string what, std::size_t total, bool enabled, std::size_t already_done, First first)
    : what_(std::move(what)),
      total_(total),
      already_done_(already_done),
      terminal_(::isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      shown_(start_),
      done_(already_done),
      due_(first == First::at_once),
      finished_(!enabled || !log::shows(log::Level::info)) {
  if (!finished_) watcher_ = std::thread([this] { watch(); });
}

Progress::~Progress() {
  finish();
}

void Progress::watch() {
  const milliseconds interval = terminal_ ? kClock : kPlain;
  std::unique_lock lock(mutex_);
  while (!finished_) {
    wake_.wait_until(lock, shown_ + interval);
    const auto now = Clock::now();
    if (!finished_ && now - shown_ >= interval) show(now);
  }
}

void Progress::update(std::size_t done, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  update_locked(done, detail);
}

void Progress::advance() {
  const std::lock_guard lock(mutex_);
  update_locked(done_ + 1, detail_);
}

void Progress::update_locked(std::size_t done, std::string_view detail) {
  if (finished_) return;
  done_ = done;
  if (detail.data() != detail_.data()) detail_ = detail;
  const auto now = Clock::now();
  const bool was_shown = shown_ != start_;
  const milliseconds interval = !terminal_ ? kPlain : was_shown ? kRedraw : kClock;
  if (due_ || now - shown_ >= interval || (complete() && was_shown)) show(now);
}

void Progress::show(Clock::time_point now) {
  shown_ = now;
  due_ = false;
  if (terminal_) {
    status_line::show(line(now));
    open_ = true;
  } else {
    log::info("{}", line(now));
  }
}

std::string Progress::line(Clock::time_point now) const {
  std::string line = what_;
  if (total_ != 0 || done_ != 0) line += fmt::format(" {}", done_);
  if (total_ != 0) {
    line += fmt::format("/{}", total_);
    if (terminal_) {
      const std::size_t filled = kBarWidth * std::min(done_, total_) / total_;
      line += fmt::format(" [{}{}]", std::string(filled, '#'), std::string(kBarWidth - filled, '.'));
    }
  }
  if (!detail_.empty()) line += fmt::format("  {}", detail_);
  const double elapsed = duration<double>(now - start_).count();
  if (total_ == 0 || complete() || done_ == already_done_) return line + fmt::format("  {}", clock_text(elapsed));
  const double left = elapsed / static_cast<double>(done_ - already_done_) * static_cast<double>(total_ - done_);
  return line + fmt::format("  {} left", clock_text(left));
}

void Progress::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    if (open_) status_line::end();
    open_ = false;
  }
  wake_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

}  // namespace midillama
