// A progress line on standard error: one line rewritten in place on a terminal, a plain line every ten seconds elsewhere. A thread of its
// own writes it where a step takes longer, so that no long work is silent.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace midillama {

class Progress {
 public:
  // `what` names the work ("align"), `total` the number of steps (0: unknown), `already_done` those that a resumed run need not do again.
  Progress(std::string what, std::size_t total, bool enabled = true, std::size_t already_done = 0);
  // Of work that is mostly over at once: nothing is written until it takes long.
  static Progress when_long(std::string what, std::size_t total = 0, bool enabled = true);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `detail` is shown after the bar ("loss 1.234  lr 5.0e-04  8,123 tokens/s"). May be called from several threads.
  void update(std::size_t done, std::string_view detail = "");
  // One step more.
  void advance();
  // Ends the line; called by the destructor too.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  enum class First { at_once, when_long };  // when the first line is written

  Progress(std::string what, std::size_t total, bool enabled, std::size_t already_done, First first);
  void watch();
  void update_locked(std::size_t done, std::string_view detail);
  void show(Clock::time_point now);
  std::string line(Clock::time_point now) const;
  bool complete() const { return total_ != 0 && done_ >= total_; }

  std::string what_;
  std::size_t total_;
  std::size_t already_done_;
  bool terminal_;
  Clock::time_point start_;
  Clock::time_point shown_;  // when the line was last written
  std::size_t done_;
  std::string detail_;
  bool due_;           // the next step is shown whenever it comes
  bool open_ = false;  // a terminal's line is not ended
  bool finished_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread watcher_;
};

}  // namespace midillama
