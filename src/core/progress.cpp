#include "midillama/core/progress.h"

#include "midillama/core/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace midillama {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr double kTerminalInterval = 0.1;  // seconds between two redraws
constexpr double kPlainInterval = 10.0;    // seconds between two plain lines
constexpr std::size_t kBarWidth = 24;

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) : fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace

Progress::Progress(std::string what, std::size_t total, bool enabled, std::size_t already_done)
    : what_(std::move(what)),
      total_(total),
      enabled_(enabled),
      terminal_(::isatty(STDERR_FILENO) != 0),
      already_done_(already_done),
      start_(steady_clock::now()),
      shown_() {}

Progress::~Progress() {
  finish();
}

void Progress::update(std::size_t done, std::string_view detail) {
  if (!enabled_) return;
  const auto now = steady_clock::now();
  const bool last = total_ != 0 && done >= total_;
  if (!last && duration<double>(now - shown_).count() < (terminal_ ? kTerminalInterval : kPlainInterval)) return;
  shown_ = now;

  const double elapsed = duration<double>(now - start_).count();
  const std::size_t fresh = std::max(done, already_done_ + 1) - already_done_;
  std::string line = fmt::format("{} {}", what_, done);
  if (total_ != 0) {
    line += fmt::format("/{}", total_);
    if (terminal_) {
      const std::size_t filled = kBarWidth * std::min(done, total_) / total_;
      line += fmt::format(" [{}{}]", std::string(filled, '#'), std::string(kBarWidth - filled, '.'));
    }
  }
  if (!detail.empty()) line += fmt::format("  {}", detail);
  line += total_ != 0 && !last
              ? fmt::format("  {} left", clock_text(elapsed / static_cast<double>(fresh) * static_cast<double>(total_ - done)))
              : fmt::format("  {}", clock_text(elapsed));
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", line);
    std::fflush(stderr);
    open_ = true;
  } else {
    log::info("{}", line);
  }
}

void Progress::finish() {
  if (!open_) return;
  fmt::print(stderr, "\n");
  open_ = false;
}

}  // namespace midillama
