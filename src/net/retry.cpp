#include "midillama/net/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <thread>

namespace midillama::net {
namespace {

const std::string* header(const HttpResponse& response, const char* name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? nullptr : &found->second;
}

// A number and nothing else, not negative.
std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

}  // namespace

bool may_help_again(const HttpResponse& response) {
  if (const std::string* says = header(response, "x-should-retry"); says != nullptr && (*says == "true" || *says == "false"))
    return *says == "true";
  return response.status == 408 || response.status == 409 || response.status == 429 || response.status >= 500;
}

std::optional<double> asked_wait(const HttpResponse& response, std::time_t now) {
  if (const std::string* text = header(response, "retry-after-ms")) {
    if (const auto milliseconds = number(*text)) return *milliseconds / 1000;
  }
  const std::string* text = header(response, "retry-after");
  if (text == nullptr) return std::nullopt;
  if (const auto seconds = number(*text)) return seconds;
  const std::time_t date = curl_getdate(text->c_str(), nullptr);
  if (date == -1) return std::nullopt;
  return std::max(0.0, std::difftime(date, now));
}

HttpResponse send_again(HttpClient& client, const HttpRequest& request, const RetryPolicy& policy, const RetryHooks& hooks,
                        Random& random) {
  for (Try now;; ++now.number) {
    now.response.reset();
    std::optional<double> asked;
    try {
      now.response = client.send(request);
      if (!hooks.is_refused(*now.response)) return std::move(*now.response);
      asked = asked_wait(*now.response, std::time(nullptr));
    } catch (const NoAnswer& error) {
      if (now.number == policy.tries) throw;
      now.reason = error.what();
    }
    if (now.number == policy.tries || asked > policy.patience) return std::move(*now.response);
    const double doubled = std::min(policy.first_wait * std::exp2(static_cast<double>(now.number - 1)), policy.longest_wait);
    const double wait = asked.value_or(doubled * (1 - random.uniform() / 4));
    if (hooks.before_wait) hooks.before_wait(now, wait);
    hooks.wait(wait);
  }
}

void wait_or_stop(double seconds, const std::function<bool()>& is_stopped) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    if (is_stopped && is_stopped()) throw Stopped("stopped while waiting for a server");
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::steady_clock::duration::zero()) return;
    std::this_thread::sleep_for(std::min<std::chrono::duration<double>>(left, std::chrono::milliseconds(100)));
  }
}

}  // namespace midillama::net
