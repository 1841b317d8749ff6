// An HTTP server for programs of this project: routes are exact paths, bodies are JSON, every refusal has one shape.
//
//   {"error": {"message": …, "type": …, "param": …, "code": …}}
//
// No path of a request is ever opened, and nothing of a request is logged but which route it took, its size and its duration. Requests
// larger than the limit, headers and bodies that come too slowly, and clients that stop reading are dropped.
#pragma once

#include "midillama/core/error.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace midillama::web {

struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 8080;                             // 0: any that is free
  std::string api_key = {};                    // empty: none is asked for
  std::size_t largest_body = 16 << 20;         // bytes
  std::size_t connections = 64;                // served at once; more wait
  std::function<bool()> is_stopped = nullptr;  // asked some times a second: true ends the server
};

// A request that is refused.
class HttpError : public Error {
 public:
  HttpError(int status, const std::string& message, std::string param = {}) : Error(message), status_(status), param_(std::move(param)) {}
  HttpError& with_header(const std::string& name, const std::string& value) { return headers_[name] = value, *this; }

  int status() const { return status_; }
  const std::string& param() const { return param_; }  // the key of the request that is at fault, where there is one
  const std::map<std::string, std::string>& headers() const { return headers_; }
  // The JSON above.
  std::string body() const;

 private:
  int status_;
  std::string param_;
  std::map<std::string, std::string> headers_;
};

// What is written part by part while it is made.
class Sink {
 public:
  virtual ~Sink() = default;
  // False where nobody reads any more, or the server is being stopped.
  virtual bool write(std::string_view part) = 0;
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
// with 500.
using Handler = std::function<Reply(const std::string& body)>;

class HttpServer {
 public:
  explicit HttpServer(HttpOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // `is_public`: without a key, too.
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
