// A connection as cpp-httplib reads and writes it, which no client can hold for longer than HttpOptions says: what it sends is bounded, and
// one account of time each for sending and taking counts what it lets the server wait, however it spreads its bytes. It sees whether the
// client is gone: one that only ends what it sends (a half-close) still gets its whole answer.
#pragma once

#include "midillama/web/http_server.h"
#include "web/connections.h"

#include <httplib.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace midillama::web {

class ClientStream final : public httplib::Stream {
 public:
  // Owns the socket.
  ClientStream(int socket, const HttpOptions& options, const Connections& connections)
      : socket_(socket), options_(options), connections_(connections) {}
  // Ends the connection so that the client can read all that was written.
  ~ClientStream() override;

  // At first the request's header is read, and no more than options' `largest_header`. This many bytes may follow it.
  void expect(std::size_t bytes) { still_allowed_ += bytes, has_header_ = true; }
  // What was read before that.
  const std::string& header() const { return header_; }

  // At most `size` bytes; 0 where the client sends no more, -1 where it sends too much or too slowly, is gone, or the server ends.
  ssize_t read(char* to, std::size_t size) override;
  // -1 where the client takes nothing for too long, is gone, or the server ends.
  ssize_t write(const char* from, std::size_t size) override;
  bool is_readable() const override { return true; }
  // Whether the client is still there, and the server goes on. What a client that sends no more is asked with must change nothing for it
  // where the answer is; where it is empty, it counts as there.
  bool is_there(std::string_view question) const;
  // The library asks only between the parts of an answer: where these are chunks, a zero before the next one's size changes nothing.
  bool is_writable() const override { return is_there(writes_chunks_ ? "0" : ""); }
  void write_chunks() { writes_chunks_ = true; }
  // Addresses are not looked at.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  using Clock = std::chrono::steady_clock;

  // One direction: how long the server waited for the client, and what came through since it had to.
  struct Account {
    void add(ssize_t count) { bytes += waited > Clock::duration{} ? static_cast<std::size_t>(count) : 0; }

    std::size_t bytes = 0;
    Clock::duration waited{};
  };

  // Until poll(2) finds one of `events`. False where the client has had its time, or the server ends.
  bool wait(short events, Account& account);
  void skip_empty_lines();
  void ask_whether_gone(std::string_view question) const;

  int socket_;
  const HttpOptions& options_;
  const Connections& connections_;
  Account reading_;
  Account writing_;
  std::size_t still_allowed_ = options_.largest_header;
  std::string header_;
  bool has_header_ = false;    // all of it
  bool has_begun_ = false;     // something was read
  bool has_answered_ = false;  // something was written
  bool writes_chunks_ = false;
  bool is_lost_ = false;  // nothing more can be written
  std::array<char, 16 << 10> buffer_;
  std::size_t buffer_begin_ = 0;
  std::size_t buffer_end_ = 0;
  // Of a client that sends no more.
  mutable Clock::duration asks_after_{};
  mutable Clock::time_point asked_;
};

}  // namespace midillama::web
