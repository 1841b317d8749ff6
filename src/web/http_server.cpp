#include "midillama/web/http_server.h"

#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/numbers.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

namespace midillama::web {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPatience = 10;  // seconds that a client has for its next bytes, and for taking ours
constexpr std::chrono::milliseconds kAsksEvery{100};
constexpr int kTooLarge = 413;
constexpr std::size_t kPiece = 64 << 10;  // bytes of a body that are written at once

// The same time wherever two texts differ.
bool is_same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const auto other = given.empty() ? '\0' : given[i % given.size()];
    difference |= static_cast<unsigned char>(other) ^ static_cast<unsigned char>(secret[i]);
  }
  return difference == 0;
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

// As a body that is provided: the library compresses any other for clients that allow it, which takes it half a minute for some megabytes.
void set_whole(httplib::Response& response, Reply reply) {
  if (reply.body.empty()) return response.set_content("", reply.type);
  const std::size_t size = reply.body.size();
  response.set_content_provider(size, reply.type,
                                [body = std::move(reply.body)](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                                  const auto piece = std::string_view(body).substr(std::min(offset, body.size()), std::min(length, kPiece));
                                  return !piece.empty() && sink.write(piece.data(), piece.size());
                                });
}

// What the library would read before any route is asked, or answer in a way of its own.
void refuse_unread(const httplib::Request& request, const std::map<std::string, std::set<std::string>>& routes) {
  const auto route = routes.find(request.path);
  if (route == routes.end()) throw HttpError(404, "there is nothing at this path");
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  if (!route->second.contains(method)) throw HttpError(405, "this path takes another method");
  if (method != "POST") return;
  if (request.is_multipart_form_data()) throw HttpError(415, "forms are not taken: the body is JSON");
  const bool has_length = request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
  if (!has_length) throw HttpError(411, "the request has no body, and no length that says so");
}

// The answer to what a handler threw.
HttpError error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const HttpError& error) {
    return error;
  } catch (const InputError& error) {
    return HttpError(400, error.what());
  } catch (const std::exception& error) {
    log::error("a request failed: {}", error.what());
    return HttpError(500, error.what());
  }
}

class HttplibSink final : public Sink {
 public:
  HttplibSink(httplib::DataSink& sink, const std::atomic<bool>& stopping) : sink_(sink), stopping_(stopping) {}
  bool write(std::string_view part) override { return is_open() && sink_.write(part.data(), part.size()); }
  bool is_open() const override { return !stopping_ && sink_.is_writable(); }

 private:
  httplib::DataSink& sink_;
  const std::atomic<bool>& stopping_;
};

}  // namespace

std::string HttpError::body() const {
  const OrderedJson error = {
      {"message", what()}, {"type", type_of(status_)}, {"param", param_.empty() ? OrderedJson() : OrderedJson(param_)}, {"code", nullptr}};
  return json_text(OrderedJson{{"error", error}});
}

struct HttpServer::Implementation {
  explicit Implementation(HttpOptions given) : options(std::move(given)) {
    server.new_task_queue = [count = options.connections] { return new httplib::ThreadPool(count); };
    // Without the default's SO_REUSEPORT, with which a second server would share the port.
    server.set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    server.set_read_timeout(kPatience);
    server.set_write_timeout(kPatience);
    // The library reads what follows a request on its connection as the next one, also where that is the body of one that was refused.
    server.set_keep_alive_max_count(1);
    server.set_payload_max_length(options.largest_body);
    server.set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, std::exception_ptr thrown) { refuse(response, error_of(thrown)); });
    server.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      // Nothing is sent in parts: the library does not hold a part that is asked for against the length of the whole.
      const_cast<httplib::Request&>(request).ranges.clear();
      try {
        refuse_unread(request, routes);
      } catch (const HttpError& error) {
        refuse(response, error);
        return httplib::Server::HandlerResponse::Handled;
      }
      return httplib::Server::HandlerResponse::Unhandled;
    });
    server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty()) return;  // a refusal of ours
      refuse(response, HttpError(response.status, fmt::format("the request was refused with status {}", response.status)));
    });
  }

  void require_key(const httplib::Request& request) const {
    if (options.api_key.empty()) return;
    const std::string given = request.get_header_value("Authorization");
    constexpr std::string_view kScheme = "Bearer ";
    if (!given.starts_with(kScheme) || !is_same_secret(std::string_view(given).substr(kScheme.size()), options.api_key))
      throw HttpError(401, "a key is asked for: Authorization: Bearer KEY");
  }

  void answer(const std::string& route, const Handler& handler, const std::string& body, httplib::Response& response) {
    const auto start = Clock::now();
    const auto log_end = [route, start, size = body.size()](int status) {
      log::info("{}: {} bytes, status {}, {:.2f} s", route, with_commas(static_cast<std::int64_t>(size)), status,
                std::chrono::duration<double>(Clock::now() - start).count());
    };
    try {
      Reply reply = handler(body);
      for (const auto& [name, value] : reply.headers) response.set_header(name, value);
      if (!reply.stream) {
        set_whole(response, std::move(reply));
        return log_end(200);
      }
      response.set_header("Cache-Control", "no-cache");
      response.set_chunked_content_provider(reply.type, [this, stream = reply.stream, log_end](std::size_t, httplib::DataSink& sink) {
        HttplibSink ours(sink, stopping);
        try {
          stream(ours);
        } catch (const std::exception& error) {  // the status is written already: the connection ends without the end of the answer
          log::error("an answer was broken off: {}", error.what());
          return false;
        }
        log_end(200);
        if (!ours.is_open()) return false;  // whoever still reads sees that it is not whole
        sink.done();
        return true;
      });
    } catch (...) {
      const HttpError error = error_of(std::current_exception());
      refuse(response, error);
      log_end(error.status());
    }
  }

  // Nothing beyond the limit is kept, however the body comes.
  std::string read(const httplib::ContentReader& reader, const httplib::Response& response) const {
    std::string body;
    bool is_too_large = false;
    const bool is_whole = reader([&](const char* data, std::size_t size) {
      is_too_large = body.size() + size > options.largest_body;
      if (!is_too_large) body.append(data, size);
      return !is_too_large;
    });
    if (is_too_large || response.status == kTooLarge)
      throw HttpError(kTooLarge, fmt::format("the body has more than {} bytes", options.largest_body));
    if (!is_whole) throw HttpError(400, "the body is not whole");
    return body;
  }

  HttpOptions options;
  httplib::Server server;
  std::map<std::string, std::set<std::string>> routes;  // methods of each path
  std::atomic<bool> stopping = false;
};

HttpServer::HttpServer(HttpOptions options) : implementation_(std::make_unique<Implementation>(std::move(options))) {}

HttpServer::~HttpServer() = default;

void HttpServer::get(const std::string& path, Handler handler, bool is_public) {
  auto& self = *implementation_;
  self.routes[path].insert("GET");
  self.server.Get(path,
                  [&self, path, handler = std::move(handler), is_public](const httplib::Request& request, httplib::Response& response) {
                    if (!is_public) self.require_key(request);
                    self.answer("GET " + path, handler, "", response);
                  });
}

void HttpServer::post(const std::string& path, Handler handler) {
  auto& self = *implementation_;
  self.routes[path].insert("POST");
  self.server.Post(path, [&self, path, handler = std::move(handler)](const httplib::Request& request, httplib::Response& response,
                                                                     const httplib::ContentReader& reader) {
    self.require_key(request);
    const std::string body = self.read(reader, response);
    self.answer("POST " + path, handler, body, response);
  });
}

int HttpServer::bind() {
  auto& [options, server, routes, stopping] = *implementation_;
  const int port = options.port == 0                                 ? server.bind_to_any_port(options.host)
                   : server.bind_to_port(options.host, options.port) ? options.port
                                                                     : -1;
  if (port < 0) throw Error(fmt::format("{}:{} cannot be had: does another program serve there?", options.host, options.port));
  return port;
}

void HttpServer::serve() {
  auto& self = *implementation_;
  std::atomic<bool> has_ended = false;
  std::thread watcher([&] {
    for (; !has_ended; std::this_thread::sleep_for(kAsksEvery)) {
      if (!self.stopping && self.options.is_stopped) self.stopping = self.options.is_stopped();
      if (self.stopping) self.server.stop();  // again and again: it has no effect before the server has begun
    }
  });
  self.server.listen_after_bind();
  has_ended = true;
  watcher.join();
}

}  // namespace midillama::web
