#include "midillama/web/http_server.h"

#include "midillama/core/ascii.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/numbers.h"
#include "midillama/web/address.h"
#include "web/body.h"
#include "web/client_stream.h"
#include "web/connections.h"
#include "web/header.h"
#include "web/listener.h"
#include "web/sites.h"

#include <cxxabi.h>
#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <typeinfo>
#include <utility>
#include <vector>

namespace midillama::web {
namespace {

thread_local ClientStream* client_of_this_thread = nullptr;  // whose request is answered: the library's handlers are not told

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAsksEvery{100};
constexpr int kContinue = 100;
constexpr std::size_t kFraming = 2;        // a body in chunks may take so many times its bytes
constexpr std::size_t kLengthDigits = 18;  // of a body's length

// Of "Authorization: Bearer KEY"; empty where there is none.
std::string key_of(const httplib::Request& request) {
  const std::string given = request.get_header_value("Authorization");
  constexpr std::string_view kScheme = "bearer ";
  return lower_ascii(std::string_view(given).substr(0, kScheme.size())) == kScheme ? given.substr(kScheme.size()) : "";
}

const char* type_of(int status) {
  if (status == 401) return "authentication_error";
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

void refuse(httplib::Response& response, const HttpError& error) {
  response.status = error.status();
  for (const auto& [name, value] : error.headers()) response.set_header(name, value);
  response.set_content(error.body(), "application/json");
}

// A body is JSON as it is, and says beforehand where it ends.
void check_body(const httplib::Request& request, std::size_t largest) {
  if (request.is_multipart_form_data()) throw HttpError(415, "forms are not taken: the body is JSON");
  if (request.has_header("Content-Encoding")) throw HttpError(415, "compressed bodies are not taken");
  const auto lengths = request.get_header_value_count("Content-Length") + request.get_header_value_count("Transfer-Encoding");
  if (lengths == 0) throw HttpError(411, "the request has no body, and no length that says so");
  if (lengths > 1) throw HttpError(400, "the request says more than once how long its body is");
  if (request.has_header("Transfer-Encoding")) {
    if (lower_ascii(request.get_header_value("Transfer-Encoding")) != "chunked")
      throw HttpError(501, "Transfer-Encoding: only chunked is known");
    return;
  }
  const std::string length = request.get_header_value("Content-Length");
  const bool is_number = !length.empty() && std::ranges::all_of(length, [](char digit) { return '0' <= digit && digit <= '9'; });
  if (!is_number) throw HttpError(400, "Content-Length is not a number");
  if (length.size() > kLengthDigits || request.get_header_value<std::uint64_t>("Content-Length") > largest) throw too_large(largest);
}

// Of a refusal of the library's.
const char* reason_of(int status) {
  if (status == 414) return "the request's path is too long";
  if (status == 400) return "this is no request of HTTP/1.1: METHOD /path HTTP/1.1 with a known method, then a header and an empty line";
  return "the request was refused";
}

// For people: "std::bad_alloc".
std::string kind_of(const std::exception& error) {
  const char* name = typeid(error).name();
  const std::unique_ptr<char, decltype(&std::free)> readable(abi::__cxa_demangle(name, nullptr, nullptr, nullptr), &std::free);
  return readable ? readable.get() : name;
}

// The answer to what was thrown. What an error of the server says is for nobody outside: it may name files, or quote a request.
HttpError error_of(const std::exception_ptr& thrown, const std::string& route) {
  std::string kind = "unknown";
  try {
    std::rethrow_exception(thrown);
  } catch (const HttpError& error) {
    return error;
  } catch (const InputError& error) {
    return HttpError(400, error.what());
  } catch (const std::exception& error) {
    kind = kind_of(error);
  } catch (...) {
  }
  log::error("{}: failed: {}", route, kind);
  return HttpError(500, "the server failed to answer this request");
}

// A request's part of the bytes that all bodies have.
class Share {
 public:
  explicit Share(std::atomic<std::size_t>& all) : all_(all) {}
  ~Share() { all_ -= mine_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  // Returns what all have then.
  std::size_t add(std::size_t bytes) { return mine_ += bytes, all_ += bytes; }

 private:
  std::atomic<std::size_t>& all_;
  std::size_t mine_ = 0;
};

class HttplibSink final : public Sink {
 public:
  explicit HttplibSink(httplib::DataSink& sink) : sink_(sink) {}
  bool write(std::string_view part) override { return is_open() && (part.empty() || sink_.write(part.data(), part.size())); }
  void write_last(std::string_view part) override { sink_.write(part.data(), part.size()); }
  bool is_open() const override { return sink_.is_writable(); }

 private:
  httplib::DataSink& sink_;
};

}  // namespace

bool is_same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const auto other = given.empty() ? '\0' : given[i % given.size()];
    difference |= static_cast<unsigned char>(other) ^ static_cast<unsigned char>(secret[i]);
  }
  return difference == 0;
}

std::string HttpError::body() const {
  const auto text_or_null = [](const std::string& text) { return text.empty() ? OrderedJson() : OrderedJson(text); };
  const OrderedJson error = {
      {"message", what()}, {"type", type_of(status_)}, {"param", text_or_null(param_)}, {"code", text_or_null(code_)}};
  return json_text(OrderedJson{{"error", error}});
}

struct HttpServer::Implementation {
  struct Route {
    Handler handler;
    bool is_public;
  };

  explicit Implementation(HttpOptions given) : options(std::move(given)) {
    server.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr thrown) {
      refuse(response, error_of(thrown, "a request"));
    });
    server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty()) return;  // a refusal of ours
      refuse(response, HttpError(response.status, reason_of(response.status)));
    });
    server.set_expect_100_continue_handler([this](const httplib::Request& request, httplib::Response& response) {
      return is_answered_unread(request, response) ? response.status : kContinue;
    });
    server.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      if (const std::string origin = request.get_header_value("Origin"); sites->is_allowed(origin))
        response.headers.merge(httplib::Headers{{"Access-Control-Allow-Origin", origin}, {"Vary", "Origin"}});
      using httplib::Server;
      return is_answered_unread(request, response) ? Server::HandlerResponse::Handled : Server::HandlerResponse::Unhandled;
    });
    server.Get(".*", [this](const httplib::Request& request, httplib::Response& response) { answer(request, "", response); });
    server.Post(".*", [this](const httplib::Request& request, httplib::Response& response, const httplib::ContentReader&) {
      Share share(body_bytes);
      answer(request, read(request, share), response);
    });
  }

  void serve_client(int socket) {
    ClientStream client(socket, options, connections);
    client_of_this_thread = &client;
    try {
      server.serve(client, [&](httplib::Request& request) {
        client.expect(kFraming * options.largest_body);
        request.path = path_of_target(request.path, request.get_header_value("Host"));
        // The library would compress, for half a minute where it is much, and send parts that lie outside of the whole.
        request.headers.erase("Accept-Encoding");
        request.ranges.clear();
      });
    } catch (const std::exception& error) {
      log::error("a connection was given up: {}", kind_of(error));
    }
  }

  // Whether the response is complete without the request's body. The library would read it before any handler is asked, and answer some
  // requests in a way of its own.
  bool is_answered_unread(const httplib::Request& request, httplib::Response& response) const {
    try {
      if (const std::string flaw = flaw_of_header(client_of_this_thread->header()); !flaw.empty()) throw HttpError(400, flaw);
      if (request.has_header("Expect") && lower_ascii(request.get_header_value("Expect")) != "100-continue")
        throw HttpError(417, "Expect: only 100-continue is known");
      if (request.version == "HTTP/1.1" && request.get_header_value_count("Host") != 1) throw HttpError(400, "Host: is not there once");
      sites->check(request);
      const auto path = routes.find(request.path);
      if (path == routes.end()) throw HttpError(404, "there is nothing at this path");
      if (request.method == "OPTIONS") return describe(path->second, response), true;
      const auto route = path->second.find(request.method);
      if (route == path->second.end())
        throw HttpError(405, "this path takes another method").with_header("Allow", methods_of(path->second));
      if (!route->second.is_public) require_key(request);
      if (request.method == "POST") check_body(request, options.largest_body);
      return false;
    } catch (const HttpError& error) {
      refuse(response, error);
      return true;
    }
  }

  static std::string methods_of(const std::map<std::string, Route>& routes) {
    std::string methods = "OPTIONS";
    for (const auto& [method, route] : routes) methods += ", " + method;
    return methods;
  }

  // What a browser asks before a page of an allowed site may send a request.
  static void describe(const std::map<std::string, Route>& routes, httplib::Response& response) {
    response.set_header("Allow", methods_of(routes));
    if (!response.has_header("Access-Control-Allow-Origin")) return;
    response.set_header("Access-Control-Allow-Methods", methods_of(routes));
    response.set_header("Access-Control-Allow-Headers", "Authorization, *");
  }

  void require_key(const httplib::Request& request) const {
    if (options.api_key.empty()) return;
    if (!is_same_secret(key_of(request), options.api_key))
      throw HttpError(401, "a key is asked for: Authorization: Bearer KEY").with_header("WWW-Authenticate", "Bearer");
  }

  void answer(const httplib::Request& request, std::string body, httplib::Response& response) const {
    const std::string route = request.method + " " + request.path;
    const auto start = Clock::now();
    // Answers that come before the last one, which clients of HTTP/1.1 know of, may be sent until it begins.
    const std::string_view question = request.version == "HTTP/1.1" ? "HTTP/1.1 102 Processing\r\n\r\n" : "";
    const auto is_open = [client = client_of_this_thread, question] { return client->is_there(question); };
    const auto log_end = [this, route, start, size = body.size()](int status, bool is_there) {
      if (!is_there && !connections.have_ended()) status = 499;  // the client has left: nobody has what was thrown
      log::info("{}: {} bytes, status {}, {:.2f} s", route, with_commas(static_cast<std::int64_t>(size)), status,
                std::chrono::duration<double>(Clock::now() - start).count());
    };
    try {
      Reply reply =
          routes.at(request.path).at(request.method).handler({.body = std::move(body), .key = key_of(request), .is_open = is_open});
      for (const auto& [name, value] : reply.headers) response.set_header(name, value);
      if (!reply.stream) {
        response.set_content(reply.body, reply.type);
        return log_end(200, true);
      }
      response.set_header("Cache-Control", "no-cache");
      auto write_stream = [stream = reply.stream, route, log_end](std::size_t, httplib::DataSink& sink) {
        HttplibSink ours(sink);
        try {
          stream(ours);
        } catch (...) {  // the status is written already: the connection ends without the end of the answer
          log_end(error_of(std::current_exception(), route).status(), ours.is_open());
          return false;
        }
        const bool is_whole = ours.is_open();
        log_end(is_whole ? 200 : 503, is_whole);
        if (!is_whole) return false;  // whoever still reads sees that it is not
        sink.done();
        return true;
      };
      if (request.version == "HTTP/1.0") return response.set_content_provider(reply.type, std::move(write_stream));  // knows no chunks
      client_of_this_thread->write_chunks();
      response.set_chunked_content_provider(reply.type, std::move(write_stream));
    } catch (...) {
      const HttpError error = error_of(std::current_exception(), route);
      refuse(response, error);
      log_end(error.status(), is_open());
    }
  }

  std::string read(const httplib::Request& request, Share& share) const {
    return read_body(*client_of_this_thread, request, options.largest_body, [&](std::size_t bytes) {
      if (share.add(bytes) > options.all_bodies)
        throw HttpError(503, "too many bodies come at once: come back in a moment").with_header("Retry-After", "1");
    });
  }

  HttpOptions options;
  Connections connections{options.waiting};
  Listener server{[this](int socket) { connections.add(socket); }};
  std::optional<Sites> sites;                                  // once the address is known
  std::map<std::string, std::map<std::string, Route>> routes;  // by path and method
  std::atomic<std::size_t> body_bytes = 0;
};

HttpServer::HttpServer(HttpOptions options) : implementation_(std::make_unique<Implementation>(std::move(options))) {}

HttpServer::~HttpServer() = default;

void HttpServer::get(const std::string& path, Handler handler, bool is_public) {
  auto& methods = implementation_->routes[path];
  methods["HEAD"] = methods["GET"] = {std::move(handler), is_public};
}

void HttpServer::post(const std::string& path, Handler handler) {
  implementation_->routes[path]["POST"] = {std::move(handler), false};
}

int HttpServer::bind() {
  auto& self = *implementation_;
  const auto& options = self.options;
  require_free(options.host, options.port);
  const int port = options.port == 0                                      ? self.server.bind_to_any_port(options.host)
                   : self.server.bind_to_port(options.host, options.port) ? options.port
                                                                          : -1;
  if (port < 0) throw Error(fmt::format("{} cannot be had: does another program serve there?", in_url(options.host, options.port)));
  self.server.widen_backlog();
  self.sites.emplace(options, self.server.is_local());
  return port;
}

void HttpServer::serve() {
  auto& self = *implementation_;
  std::vector<std::thread> workers(self.options.connections);
  for (std::thread& worker : workers) {
    worker = std::thread([&self] {
      while (const auto socket = self.connections.next()) self.serve_client(*socket);
    });
  }
  std::atomic<bool> has_ended = false;
  std::thread watcher([&] {
    for (; !has_ended; std::this_thread::sleep_for(kAsksEvery)) {
      if (!self.connections.have_ended() && self.options.is_stopped && self.options.is_stopped()) self.connections.end();
      if (self.connections.have_ended()) self.server.stop();  // again and again: it has no effect before the server has begun
    }
  });
  self.server.listen_after_bind();
  self.connections.end();
  for (std::thread& worker : workers) worker.join();
  has_ended = true;
  watcher.join();
}

}  // namespace midillama::web
