// A client that sends what it likes, and reads when it likes.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace midillama::web {

class RawClient {
 public:
  // `receives`: bytes that its side of the connection keeps unread; 0: the system's choice.
  explicit RawClient(int port, int receives = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receives > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receives, sizeof(receives));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False where the other side is gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void end_sending() const { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  // At most `most` bytes; none where nothing comes in `patience`, or nothing will.
  std::string receive(std::size_t most, std::chrono::milliseconds patience) {
    std::string bytes(most, '\0');
    pollfd look = {.fd = socket_, .events = POLLIN, .revents = 0};
    const bool has_news = ::poll(&look, 1, static_cast<int>(patience.count())) > 0;
    const ssize_t count = has_news ? ::recv(socket_, bytes.data(), bytes.size(), 0) : 0;
    has_ended_ = has_ended_ || (has_news && count <= 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  // All that comes until the other side ends.
  std::string receive_all(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    std::string all;
    for (std::string part = receive(1 << 16, patience); !part.empty(); part = receive(1 << 16, patience)) all += part;
    return all;
  }
  // What `receive` has found out.
  bool has_ended() const { return has_ended_; }

 private:
  int socket_;
  bool has_ended_ = false;
};

}  // namespace midillama::web
