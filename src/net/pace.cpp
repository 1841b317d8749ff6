#include "midillama/net/pace.h"

#include <algorithm>

namespace midillama::net {

double Pace::book(double amount, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto begin = std::max(free_, now);
  free_ = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(amount * seconds_each_));
  return std::chrono::duration<double>(begin - now).count();
}

}  // namespace midillama::net
