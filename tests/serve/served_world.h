// A server with a tiny model that runs in a thread as long as the object lives.
#pragma once

#include "eval/tiny_world.h"
#include "midillama/core/base64.h"
#include "midillama/serve/server.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace midillama::serve {

struct ServedWorld {
  ServedWorld() {
    options.http.port = 0;
    options.http.is_stopped = [this] { return is_stopped.load(); };
    options.limits.max_new_tokens = world.config.generate.max_new_tokens;
    options.explains = true;
    options.model_name = "tiny";
  }
  ~ServedWorld() { stop(); }
  ServedWorld(const ServedWorld&) = delete;
  ServedWorld& operator=(const ServedWorld&) = delete;

  // With the options as they are now.
  void start() {
    server.emplace(session, options);
    port = server->bind();
    thread = std::thread([this] { server->serve(); });
  }
  void stop() {
    is_stopped = true;
    if (thread.joinable()) thread.join();
  }

  httplib::Client client() const {
    httplib::Client client("127.0.0.1", port);
    client.set_read_timeout(60);
    return client;
  }
  httplib::Result post(const std::string& path, const Json& body) const { return client().Post(path, body.dump(), "application/json"); }
  std::string clip_file() const { return world.path("data/clips/test-0.mid"); }
  // In base64.
  std::string clip() const {
    const auto bytes = read_bytes(clip_file());
    return to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  eval::TinyWorld world;
  generate::Session session{world.config, world.path("checkpoint"), torch::kCPU};
  ServerOptions options;
  std::atomic<bool> is_stopped = false;
  std::optional<Server> server;
  int port = 0;
  std::thread thread;
};

}  // namespace midillama::serve
