#include "cli/standard_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string_view>

namespace midillama::cli {

StandardOutput::StandardOutput() : closed_(::fcntl(STDOUT_FILENO, F_GETFD) < 0), terminal_(::isatty(STDOUT_FILENO) != 0) {
  if (closed_) take_descriptor();
  std::signal(SIGPIPE, SIG_IGN);     // a closed pipe is an error like others: temporary folders are removed on its way up
  std::signal(SIGXFSZ, SIG_IGN);     // so is a file that grows beyond what the process may write
  std::ios::sync_with_stdio(false);  // before the next line, for it puts a buffer of its own in place
  before_ = std::cout.rdbuf(this);
  std::cout.exceptions(std::ios::badbit);
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

StandardOutput::~StandardOutput() {
  write_buffer();
  std::cout.exceptions(std::ios::goodbit);
  std::cout.rdbuf(before_);
}

// So that no file that is opened later gets what is printed.
void StandardOutput::take_descriptor() {
  const int nothing = ::open("/dev/null", O_WRONLY);
  if (nothing == STDOUT_FILENO || nothing < 0) return;
  ::dup2(nothing, STDOUT_FILENO);
  ::close(nothing);
}

void StandardOutput::finish() {
  write_or_fail();
}

void StandardOutput::write_buffer() {
  const char* next = pbase();
  if (closed_ && next != pptr()) failure_ = EBADF;
  while (failure_ == 0 && next != pptr()) {
    const ssize_t written = ::write(STDOUT_FILENO, next, static_cast<std::size_t>(pptr() - next));
    if (written >= 0) {
      next += written;
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

void StandardOutput::write_or_fail() {
  write_buffer();
  if (failure_ == EPIPE) throw NobodyReads();
  if (failure_ != 0)
    throw Error(fmt::format("standard output cannot be written ({}): what was printed is not whole", std::strerror(failure_)));
}

StandardOutput::int_type StandardOutput::overflow(int_type character) {
  write_or_fail();
  return traits_type::eq_int_type(character, traits_type::eof()) ? traits_type::not_eof(character)
                                                                 : sputc(traits_type::to_char_type(character));
}

std::streamsize StandardOutput::xsputn(const char* text, std::streamsize size) {
  const std::streamsize written = std::streambuf::xsputn(text, size);
  // A person who watches sees every line when it is there.
  if (terminal_ && std::string_view(text, static_cast<std::size_t>(size)).find('\n') != std::string_view::npos) write_or_fail();
  return written;
}

int StandardOutput::sync() {
  write_or_fail();
  return 0;
}

}  // namespace midillama::cli
