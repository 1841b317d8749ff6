// An HTTP server for programs of this project: routes are exact paths, bodies are JSON, every refusal has one shape.
//
//   {"error": {"message": …, "type": …, "param": …, "code": …}}
//
// No path of a request is ever opened, and nothing of a request is logged but which route it took, its size and its duration. No client
// holds a place for longer than HttpOptions says, whatever it sends, leaves out or does not read; one that only ends what it sends gets its
// whole answer. Pages of other sites cannot use the server from a browser (src/web/sites.h). Every connection carries one request, and
// nothing is compressed or sent in parts.
#pragma once

#include "midillama/core/error.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::web {

struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 8080;                                // 0: any that is free
  std::string api_key = {};                       // empty: none is asked for
  std::size_t largest_body = 16 << 20;            // bytes
  std::vector<std::string> allowed_origins = {};  // other sites whose pages may use the server, as a browser says it: "https://a.example"
  std::function<bool()> is_stopped = nullptr;     // asked some times a second: true ends the server

  std::size_t connections = 64;           // served at once
  std::size_t waiting = 256;              // wait for a place; more are told to come back (status 503)
  std::size_t largest_header = 64 << 10;  // bytes
  std::size_t all_bodies = 256 << 20;     // bytes that all requests' bodies have together; more are told to come back (status 503)
  // How long a client may let the server wait in all: for its whole request, and again for taking its whole answer. A second for each
  // `slowest` bytes is added to it.
  std::chrono::milliseconds patience{10'000};
  std::chrono::milliseconds patience_when_full{2'000};  // where others wait for the place
  std::size_t slowest = 64 << 10;                       // bytes a second
};

// A request that is refused.
class HttpError : public Error {
 public:
  HttpError(int status, const std::string& message, std::string param = {}, std::string code = {})
      : Error(message), status_(status), param_(std::move(param)), code_(std::move(code)) {}
  HttpError& with_header(const std::string& name, const std::string& value) { return headers_[name] = value, *this; }

  int status() const { return status_; }
  const std::string& param() const { return param_; }  // the key of the request that is at fault, where there is one
  const std::string& code() const { return code_; }    // for programs, where there is one
  const std::map<std::string, std::string>& headers() const { return headers_; }
  // The JSON above.
  std::string body() const;

 private:
  int status_;
  std::string param_, code_;
  std::map<std::string, std::string> headers_;
};

// As handlers see it.
struct Request {
  std::string body = {};
  std::string key = {};  // of "Authorization: Bearer KEY"; empty where there is none
  // Whether its client still waits and the server goes on: what takes long asks some times a second. Any thread, one at a time, until the
  // handler has returned.
  std::function<bool()> is_open = nullptr;
};

// What is written part by part while it is made.
class Sink {
 public:
  virtual ~Sink() = default;
  // False where the client is gone or takes nothing, or the server is being stopped.
  virtual bool write(std::string_view part) = 0;
  // Why nothing more comes: also while the server is being stopped, to a client that is still there and takes it at once.
  virtual void write_last(std::string_view part) = 0;
  // As Request::is_open.
  virtual bool is_open() const = 0;
};

struct Reply {
  std::string body = {};
  std::string type = "application/json";
  std::map<std::string, std::string> headers = {};  // beside the type
  // Instead of the body: writes it and returns. It must look at Sink::is_open() some times a second.
  std::function<void(Sink& sink)> stream = nullptr;
};

// Called from several threads at once. What it throws is the answer: an HttpError as it is, an InputError with status 400, everything else
// with 500 and a sentence that says no more than that. A stream that throws, or returns while it is not open, is broken off: the client
// sees that its answer is not whole.
using Handler = std::function<Reply(const Request& request)>;

// The same time wherever two texts differ.
bool is_same_secret(std::string_view given, std::string_view secret);

class HttpServer {
 public:
  explicit HttpServer(HttpOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Paths as they are, no patterns. HEAD is answered where GET is, OPTIONS everywhere. `is_public`: without HttpOptions::api_key, too; a
  // server with a key for each of its users has no api_key, and its handlers look at Request::key.
  void get(const std::string& path, Handler handler, bool is_public = false);
  void post(const std::string& path, Handler handler);

  // Binds, and returns the port. Error where the address cannot be had (another program serves there).
  int bind();
  // Serves until HttpOptions::is_stopped says so; requests that run are ended by their sinks.
  void serve();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace midillama::web
