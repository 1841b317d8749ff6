// cpp-httplib's server, which hands over each connection as it comes instead of serving it.
#pragma once

#include "web/client_stream.h"

#include <httplib.h>

#include <functional>

namespace midillama::web {

class Listener final : public httplib::Server {
 public:
  // `on_connection` gets the sockets, in the thread that accepts.
  explicit Listener(std::function<void(int)> on_connection);

  // After binding.
  void widen_backlog() const;
  // Whether only this machine can reach it.
  bool is_local() const;

  // Reads a request and answers it; `on_header` may change it before any handler sees it.
  void serve(ClientStream& client, const std::function<void(httplib::Request&)>& on_header);

 private:
  bool process_and_close_socket(socket_t socket) override;

  std::function<void(int)> on_connection_;
};

}  // namespace midillama::web
