#include "works/polite_client.h"

#include "midillama/core/log.h"
#include "midillama/net/url.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::works {

std::string refusal_by_status(const net::HttpResponse& response) {
  return net::may_help_again(response) ? fmt::format("status {}", response.status) : "";
}

net::HttpResponse PoliteClient::get(const std::string& url, const Refusal& refusal) {
  Server& server = server_of(url);
  const std::string target = net::target_of(url);
  if (!server.robots.allows(target)) {
    throw Error(fmt::format("{}: its robots.txt does not allow programs at {}: name another source in retrieval.endpoint",
                            net::server_of(url), target.substr(0, target.find('?'))));
  }
  return send(url, refusal, server.pace);
}

PoliteClient::Server& PoliteClient::server_of(const std::string& url) {
  const std::string name = net::server_of(url);
  if (const auto found = servers_.find(name); found != servers_.end()) return found->second;
  net::Pace pace(1, options_.seconds_between_requests);
  const net::HttpResponse response = send(name + "/robots.txt", refusal_by_status, pace);
  net::Robots robots;
  if (response.status >= 200 && response.status < 300) robots = net::Robots(response.body, options_.robot);
  Server& server = servers_.try_emplace(name, std::max(options_.seconds_between_requests, robots.crawl_delay().value_or(0))).first->second;
  server.robots = std::move(robots);
  server.pace.book(1);  // that was a request, too
  return server;
}

net::HttpResponse PoliteClient::send(const std::string& url, const Refusal& refusal, net::Pace& pace) {
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
    if (const std::string why = refusal(response); !why.empty()) throw RequestFailed(fmt::format("{}: {}", net::server_of(url), why));
    return response;
  } catch (const net::NoAnswer& error) {
    throw RequestFailed(error.what());
  }
}

}  // namespace midillama::works
