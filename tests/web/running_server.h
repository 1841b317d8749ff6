// A server that runs in a thread as long as the object lives.
#pragma once

#include "midillama/web/http_server.h"

#include <httplib.h>

#include <atomic>
#include <functional>
#include <thread>

namespace midillama::web {

class RunningServer {
 public:
  RunningServer(HttpOptions options, const std::function<void(HttpServer&)>& add_routes) : server_(with_stop(std::move(options))) {
    add_routes(server_);
    port_ = server_.bind();
    thread_ = std::thread([this] { server_.serve(); });
  }
  ~RunningServer() {
    is_stopped_ = true;
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  int port() const { return port_; }
  httplib::Client client() const { return httplib::Client("127.0.0.1", port_); }

 private:
  HttpOptions with_stop(HttpOptions options) {
    options.port = options.port == 8080 ? 0 : options.port;
    options.is_stopped = [this] { return is_stopped_.load(); };
    return options;
  }

  std::atomic<bool> is_stopped_ = false;
  HttpServer server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace midillama::web
