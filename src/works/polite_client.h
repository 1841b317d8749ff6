// Other people's servers, asked as they wish: no faster than they allow, not what their robots.txt keeps programs from, and later again
// where they are busy.
#pragma once

#include "midillama/core/random.h"
#include "midillama/net/http_client.h"
#include "midillama/net/pace.h"
#include "midillama/net/retry.h"
#include "midillama/net/robots.h"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace midillama::works {

// A server did not answer, or not with what was asked for. Names the server.
class RequestFailed : public Error {
 public:
  using Error::Error;
};

// A server asked to be left alone for longer than the retries have patience. Says until when.
class LeftAlone : public RequestFailed {
 public:
  using RequestFailed::RequestFailed;
};

struct PoliteClientOptions {
  net::HttpClientOptions http;
  std::string robot;                    // the name that robots.txt may call the program by
  double seconds_between_requests = 1;  // to one server, at least; its robots.txt may ask for more
  net::RetryPolicy retries = {};
  std::function<void(double seconds)> wait;  // called before each request, also with 0
};

class PoliteClient {
 public:
  explicit PoliteClient(PoliteClientOptions options) : options_(std::move(options)), http_(options_.http) {}

  // Why an answer is none, to be asked for again later; empty for one that is.
  using Refusal = std::function<std::string(const net::HttpResponse&)>;

  // The answer to a GET. Up to ten redirects are followed, but from https to http: each is a request of its own. RequestFailed where no
  // answer came; Error where the robots.txt of a server that is asked does not allow it. A server that asked to be left alone for longer
  // than the retries have patience is never asked again: LeftAlone, now and for all that follows.
  net::HttpResponse get(const std::string& url, const Refusal& refusal);

  // Requests so far, also those for robots.txt, those that were redirected and those that were refused.
  std::size_t sent() const { return sent_; }

 private:
  struct Server {
    explicit Server(double seconds) : pace(std::in_place, 1, seconds) {}
    std::optional<net::Pace> pace;  // always there, another one as soon as robots.txt has asked for it
    std::optional<net::Robots> robots = {};
    std::string left_alone = {};  // why it is asked no more
  };
  Server& server_of(const std::string& url);
  const net::Robots& robots_of(const std::string& url);
  // `check` is called before each request with its URL, and may throw.
  net::HttpResponse follow(std::string url, const Refusal& refusal, const std::function<void(const std::string& url)>& check);
  net::HttpResponse send(const std::string& url, const Refusal& refusal);

  PoliteClientOptions options_;
  net::HttpClient http_;
  std::map<std::string, Server> servers_ = {};
  std::size_t sent_ = 0;
  Random random_{1};  // when to try again, which no result depends on
};

// Of servers whose status says it all.
std::string refusal_by_status(const net::HttpResponse& response);

}  // namespace midillama::works
