// How often somebody may ask.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

namespace midillama::web {

// A bucket of tokens for each name: a request takes one, and `per_second` flow in, up to `burst`. Any thread may ask. The names are those
// of a known few; nobody outside chooses them.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  RateLimit(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  // HttpError 429 with Retry-After where there is none left.
  void take(const std::string& name, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double tokens;
    Clock::time_point filled;
  };

  double per_second_, burst_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace midillama::web
