#include "web/connections.h"

#include "midillama/web/http_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

namespace midillama::web {
namespace {

// Without waiting for the client: the thread that accepts connections does it.
void tell_to_come_back(int socket) {
  static const std::string body = HttpError(503, "all places are taken: come back in a moment").body();
  static const std::string answer = fmt::format(
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
      "{}\r\n\r\n{}",
      body.size(), body);
  ::send(socket, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(socket, SHUT_WR);
  std::array<char, 16 << 10> unread;  // a connection that is closed with bytes unread is reset, and the answer goes with it
  ::recv(socket, unread.data(), unread.size(), MSG_DONTWAIT);
  ::close(socket);
}

}  // namespace

Connections::~Connections() {
  for (const int socket : waiting_) ::close(socket);
}

void Connections::add(int socket) {
  const std::unique_lock lock(mutex_);
  if (waiting_.size() >= idle_threads_ + most_waiting_) return tell_to_come_back(socket);
  waiting_.push_back(socket);
  waiting_count_ = waiting_.size() - std::min(waiting_.size(), idle_threads_);
  changed_.notify_one();
}

std::optional<int> Connections::next() {
  std::unique_lock lock(mutex_);
  ++idle_threads_;
  changed_.wait(lock, [&] { return !waiting_.empty() || have_ended_; });
  --idle_threads_;
  if (have_ended_) return std::nullopt;
  const int socket = waiting_.front();
  waiting_.pop_front();
  waiting_count_ = waiting_.size() - std::min(waiting_.size(), idle_threads_);
  return socket;
}

void Connections::end() {
  const std::unique_lock lock(mutex_);
  have_ended_ = true;
  changed_.notify_all();
}

}  // namespace midillama::web
