// No more than so much in a span of time, from all threads together.
#pragma once

#include <chrono>
#include <mutex>

namespace midillama::net {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;
  // `amount` a `span` of seconds, evenly spread: one of 60 a minute begins each second. 0: no limit.
  explicit Pace(double amount, double span) : seconds_each_(amount > 0 ? span / amount : 0) {}

  // Books `amount`, and returns the seconds to wait before it may begin.
  double book(double amount, Clock::time_point now = Clock::now());

 private:
  double seconds_each_;
  std::mutex mutex_;
  Clock::time_point free_ = Clock::time_point::min();  // from when on the next may begin
};

}  // namespace midillama::net
