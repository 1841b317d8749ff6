// A server on the loopback that answers as a test's script says.
#pragma once

#include <httplib.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace midillama::testing_support {

class ScriptedServer {
 public:
  // Called for each request, one at a time; `number` counts them from 0.
  using Script = std::function<void(std::size_t number, const httplib::Request& request, httplib::Response& response)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      bodies_.push_back(request.body);
      script_(bodies_.size() - 1, request, response);
    };
    server_.Get(".*", answer);
    server_.Post(".*", answer);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~ScriptedServer() {
    server_.stop();
    thread_.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Of the requests so far.
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  Script script_;
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace midillama::testing_support
