#include "works/polite_client.h"

#include "midillama/core/log.h"
#include "midillama/net/url.h"
#include "works/answer_log.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::works {
namespace {

constexpr std::size_t kMostRedirects = 10;
constexpr double kSecondsOfACentury = 100 * 365.25 * 24 * 3600;

std::string time_after(std::time_t now, double seconds) {
  return utc_text(now + static_cast<std::time_t>(std::min(seconds, kSecondsOfACentury)));
}

}  // namespace

std::string refusal_by_status(const net::HttpResponse& response) {
  return net::may_help_again(response) ? fmt::format("status {}", response.status) : "";
}

net::HttpResponse PoliteClient::get(const std::string& url, const Refusal& refusal) {
  return follow(url, refusal, [&](const std::string& next) {
    const std::string target = net::target_of(next);
    if (robots_of(next).allows(target)) return;
    throw Error(fmt::format("{}: its robots.txt does not allow programs at {}: name another source in retrieval.endpoint",
                            net::server_of(next), target.substr(0, target.find('?'))));
  });
}

net::HttpResponse PoliteClient::follow(std::string url, const Refusal& refusal, const std::function<void(const std::string& url)>& check) {
  for (std::size_t redirects = 0;; ++redirects) {
    check(url);
    net::HttpResponse response = send(url, refusal);
    if (response.redirect.empty()) return response;
    if (redirects == kMostRedirects) throw RequestFailed(fmt::format("{}: more than {} redirects", net::server_of(url), kMostRedirects));
    if (!net::may_redirect(url, response.redirect))
      throw RequestFailed(fmt::format("{}: its redirect leads away from https or http", net::server_of(url)));
    url = std::move(response.redirect);
  }
}

PoliteClient::Server& PoliteClient::server_of(const std::string& url) {
  return servers_.try_emplace(net::server_of(url), options_.seconds_between_requests).first->second;
}

// Other servers that a robots.txt is redirected to are not asked for their own, which may lead back.
const net::Robots& PoliteClient::robots_of(const std::string& url) {
  Server& server = server_of(url);
  if (server.robots) return *server.robots;
  const net::HttpResponse response = follow(net::server_of(url) + "/robots.txt", refusal_by_status, [](const std::string&) {});
  server.robots.emplace();
  if (response.status >= 200 && response.status < 300) server.robots.emplace(response.body, options_.robot);
  server.pace.emplace(1, std::max(options_.seconds_between_requests, server.robots->crawl_delay().value_or(0)));
  server.pace->book(1);  // that was a request, too
  return *server.robots;
}

net::HttpResponse PoliteClient::send(const std::string& url, const Refusal& refusal) {
  Server& server = server_of(url);
  if (!server.left_alone.empty()) throw LeftAlone(server.left_alone);
  net::Pace& pace = *server.pace;
  const auto begin = [&] {
    options_.wait(pace.book(1));
    ++sent_;
  };
  const net::RetryHooks hooks{
      .is_refused = [&](const net::HttpResponse& response) { return !refusal(response).empty(); },
      .before_wait =
          [&](const net::Try& failed, double seconds) {
            const std::string why = failed.response ? fmt::format("{}: {}", net::server_of(url), refusal(*failed.response)) : failed.reason;
            log::debug("try {}: {}; again in {:.1f} s", failed.number, why, seconds);
          },
      .wait =
          [&](double seconds) {
            options_.wait(seconds);
            begin();
          },
  };
  begin();
  try {
    net::HttpResponse response = net::send_again(http_, {.url = url}, options_.retries, hooks, random_);
    const std::string why = refusal(response);
    if (why.empty()) return response;
    const std::time_t now = std::time(nullptr);
    if (const auto asked = net::asked_wait(response, now); asked > options_.retries.patience) {
      server.left_alone = fmt::format("{}: {}, and asks to be left alone until {}", net::server_of(url), why, time_after(now, *asked));
      throw LeftAlone(server.left_alone);
    }
    throw RequestFailed(fmt::format("{}: {}", net::server_of(url), why));
  } catch (const net::NoAnswer& error) {
    throw RequestFailed(error.what());
  }
}

}  // namespace midillama::works
