// A progress line on standard error: one line rewritten in place on a terminal, a plain line every few seconds elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace midillama {

class Progress {
 public:
  // `what` names the work ("align"), `total` the number of steps (0: unknown), `already_done` those that a resumed run need not do again.
  Progress(std::string what, std::size_t total, bool enabled = true, std::size_t already_done = 0);
  ~Progress();

  // `detail` is shown behind the bar ("loss 1.234  lr 5.0e-04  8,123 tokens/s").
  void update(std::size_t done, std::string_view detail = "");
  // Ends the line; called by the destructor too.
  void finish();

 private:
  std::string what_;
  std::size_t total_;
  bool enabled_;
  bool terminal_;
  std::size_t already_done_;
  bool open_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace midillama
