#include "web/listener.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <utility>

namespace midillama::web {
namespace {

constexpr int kBacklog = 128;       // connections that the kernel keeps until they are accepted; the library asks for five
constexpr int kUnsent = 256 << 10;  // bytes of an answer that the kernel keeps for a client

// The accepting thread does what is to be done: it is little.
struct AtOnce : httplib::TaskQueue {
  void enqueue(std::function<void()> task) override { task(); }
  void shutdown() override {}
};

}  // namespace

Listener::Listener(std::function<void(int)> on_connection) : on_connection_(std::move(on_connection)) {
  new_task_queue = [] { return new AtOnce; };
  // In place of the default's SO_REUSEPORT, with which a second server would share the port. Connections inherit the buffer.
  set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &kUnsent, sizeof(kUnsent));
  });
  set_default_headers({{"Accept-Ranges", "none"}});
}

void Listener::widen_backlog() const {
  ::listen(svr_sock_, kBacklog);
}

bool Listener::is_local() const {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  ::getsockname(svr_sock_, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr) != 0;
  return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

void Listener::serve(ClientStream& client, const std::function<void(httplib::Request&)>& on_header) {
  bool is_closed = false;
  process_request(client, true, is_closed, on_header);
}

bool Listener::process_and_close_socket(socket_t socket) {
  on_connection_(socket);
  return true;
}

}  // namespace midillama::web
