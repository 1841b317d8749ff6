// Requests to other people's servers over HTTP and HTTPS (libcurl). A request is sent once; net/retry.h sends it again where that may help.
#pragma once

#include "midillama/core/error.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace midillama::net {

struct HttpRequest {
  std::string url;                       // http://… or https://…
  std::optional<std::string> body = {};  // JSON: a POST; none: a GET
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case; the last of several with one name
  std::string body = {};
  std::string redirect = {};  // the whole URL that the server sends to instead, if any
};

struct HttpClientOptions {
  std::string user_agent;
  std::chrono::milliseconds connect_limit{10'000};
  std::chrono::milliseconds limit{600'000};    // from the first byte that is sent to the last that comes
  std::size_t largest_body = 64 << 20;         // bytes of an answer
  std::function<bool()> is_stopped = nullptr;  // asked about once a second: true breaks requests off
};

// "https://api.example:8443" of a URL: all that is ever said of one, for what follows may hold a key. InputError where the URL is neither
// http:// nor https://.
std::string server_of(const std::string& url);

// No answer came: no such host, no connection, broken off, too late, too long. Names the server.
class NoAnswer : public Error {
 public:
  using Error::Error;
};

// ... not even to the connection, over which nothing was sent: there is no server.
class NoServer : public NoAnswer {
 public:
  using NoAnswer::NoAnswer;
};

// The client was told to stop.
class Stopped : public Error {
 public:
  using Error::Error;
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The answer, whatever its status; a redirect is one, too, and is not followed. From several threads at once; connections are kept for
  // later requests. NoAnswer or NoServer, Stopped.
  HttpResponse send(const HttpRequest& request);

  const HttpClientOptions& options() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace midillama::net
