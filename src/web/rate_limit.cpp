#include "midillama/web/rate_limit.h"

#include "midillama/web/http_server.h"

#include <algorithm>
#include <cmath>

namespace midillama::web {

void RateLimit::take(const std::string& name, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_.try_emplace(name, Bucket{burst_, now}).first->second;
  const std::chrono::duration<double> passed = now - bucket.filled;
  bucket.tokens = std::min(burst_, bucket.tokens + std::max(0.0, passed.count()) * per_second_);
  bucket.filled = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return;
  }
  const double wait = std::ceil((1 - bucket.tokens) / per_second_);
  throw HttpError(429, "too many requests: come back in a moment").with_header("Retry-After", std::to_string(static_cast<int>(wait)));
}

}  // namespace midillama::web
