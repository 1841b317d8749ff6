#include "web/client_stream.h"

#include "midillama/core/ascii.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace midillama::web {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLooksEvery{50};  // for the end of the server, and for others who wait
constexpr milliseconds kLeave{1000};     // for a client that has its answer

bool would_wait() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

ClientStream::~ClientStream() {
  if (is_lost_) {  // what it did not take is not kept for it either
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  } else if (has_answered_) {
    // A connection that is closed with bytes unread is reset, and what the client has not read goes with it.
    ::shutdown(socket_, SHUT_WR);
    const auto end = Clock::now() + kLeave;
    while (Clock::now() < end && !connections_.have_ended()) {
      pollfd look = {.fd = socket_, .events = POLLIN, .revents = 0};
      if (::poll(&look, 1, static_cast<int>(kLooksEvery.count())) == 0) continue;
      const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (count == 0 || (count < 0 && !would_wait())) break;
    }
  }
  ::close(socket_);
}

bool ClientStream::wait(short events, Account& account) {
  for (;;) {
    const auto begin = Clock::now();
    pollfd look = {.fd = socket_, .events = events, .revents = 0};
    const int found = ::poll(&look, 1, static_cast<int>(kLooksEvery.count()));
    account.waited += Clock::now() - begin;
    const auto patience = connections_.wait_for_a_place() ? options_.patience_when_full : options_.patience;
    const auto earned = milliseconds(account.bytes * 1000 / options_.slowest);
    if (account.waited > patience + earned || connections_.have_ended()) return false;
    if (found > 0) return true;
  }
}

ssize_t ClientStream::read(char* to, std::size_t size) {
  while (buffer_begin_ == buffer_end_) {
    const std::size_t room = std::min(buffer_.size(), still_allowed_);
    if (room == 0) return -1;
    const ssize_t count = ::recv(socket_, buffer_.data(), room, MSG_DONTWAIT);
    if (count == 0) return 0;
    if (count < 0) {
      if (!would_wait() || !wait(POLLIN, reading_)) return -1;
      continue;
    }
    reading_.add(count);
    buffer_begin_ = 0;
    buffer_end_ = static_cast<std::size_t>(count);
    still_allowed_ -= buffer_end_;
    if (!has_begun_) skip_empty_lines();
    if (buffer_begin_ == buffer_end_) continue;
    const char first = lower_ascii(buffer_[buffer_begin_]);
    if (!std::exchange(has_begun_, true) && (first < 'a' || first > 'z')) return -1;  // no method: it speaks TLS, say
  }
  const std::size_t count = std::min(size, buffer_end_ - buffer_begin_);
  std::memcpy(to, buffer_.data() + buffer_begin_, count);
  buffer_begin_ += count;
  if (!has_header_) header_.append(to, count);
  return static_cast<ssize_t>(count);
}

// Some clients end the request before with one too many.
void ClientStream::skip_empty_lines() {
  while (buffer_begin_ < buffer_end_ && (buffer_[buffer_begin_] == '\r' || buffer_[buffer_begin_] == '\n')) ++buffer_begin_;
}

ssize_t ClientStream::write(const char* from, std::size_t size) {
  for (;;) {
    const ssize_t count = ::send(socket_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      writing_.add(count);
      has_answered_ = true;
      return count;
    }
    if (!would_wait() || !wait(POLLOUT, writing_)) return is_lost_ = true, -1;
  }
}

bool ClientStream::is_there(std::string_view question) const {
  if (connections_.have_ended()) return false;
  pollfd look = {.fd = socket_, .events = POLLRDHUP, .revents = 0};
  ::poll(&look, 1, 0);
  if ((look.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return false;
  if ((look.revents & POLLRDHUP) != 0) ask_whether_gone(question);
  return true;
}

// A client that closes its connection and one that only sends no more look alike until something is sent: the first one's side answers with
// a reset. It is asked ever less often, so these questions stay few.
void ClientStream::ask_whether_gone(std::string_view question) const {
  if (Clock::now() - asked_ < asks_after_) return;
  ::send(socket_, question.data(), question.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  asked_ = Clock::now();
  asks_after_ = std::max<Clock::duration>(2 * asks_after_, milliseconds(500));
}

}  // namespace midillama::web
