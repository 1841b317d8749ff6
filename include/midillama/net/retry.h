// Whether, and when, a request is sent again: by the rules of OpenAI's own clients.
#pragma once

#include "midillama/core/random.h"
#include "midillama/net/http_client.h"

#include <cstddef>
#include <ctime>
#include <functional>
#include <optional>

namespace midillama::net {

struct RetryPolicy {
  std::size_t tries = 8;
  double first_wait = 0.5;  // seconds, doubled with every try
  double longest_wait = 8;  // seconds
  double patience = 120;    // seconds; a request to a server that asks for more is not sent again
};

// Whether the same request may be answered later: `x-should-retry` where the server says so, else the statuses 408, 409, 429 and those of
// 500 and more.
bool may_help_again(const HttpResponse& response);

// The seconds that a server asks to be left alone: `retry-after-ms`, else `retry-after` (seconds, also fractions, or a date).
std::optional<double> asked_wait(const HttpResponse& response, std::time_t now);

// What a try ended with.
struct Try {
  std::size_t number = 1;
  std::optional<HttpResponse> response = {};  // none: no answer, for this reason
  std::string reason = {};
};

struct RetryHooks {
  std::function<bool(const HttpResponse&)> is_refused = may_help_again;  // whether to send it again
  std::function<void(const Try&, double wait)> before_wait = nullptr;    // told before each wait
  std::function<void(double seconds)> wait;                              // waits, or throws
};

// Sends it until it is answered. What the last try brought: a response, also one that is refused, or NoAnswer thrown. Between two tries it
// waits as long as the server asks, else 0.5, 1, 2 … seconds, each shortened by up to a quarter at random.
HttpResponse send_again(HttpClient& client, const HttpRequest& request, const RetryPolicy& policy, const RetryHooks& hooks, Random& random);

// Waits so many seconds, asking `is_stopped` some times a second; Stopped where it says so.
void wait_or_stop(double seconds, const std::function<bool()>& is_stopped);

}  // namespace midillama::net
