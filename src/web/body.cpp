#include "web/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace midillama::web {
namespace {

constexpr std::size_t kLongestLine = 4 << 10;  // of a chunk's size, or of a trailer field

class Body {
 public:
  Body(ClientStream& client, std::size_t largest, const std::function<void(std::size_t)>& on_bytes)
      : client_(client), largest_(largest), on_bytes_(on_bytes) {}

  void read(std::size_t size) {
    if (size > largest_ - bytes_.size()) throw too_large(largest_);
    constexpr std::size_t kPart = 64 << 10;  // memory is taken as bytes come, whatever their number is said to be
    for (const std::size_t end = bytes_.size() + size; bytes_.size() < end;) {
      const std::size_t begin = bytes_.size();
      bytes_.resize(std::min(end, begin + kPart));
      bytes_.resize(begin + receive(bytes_.data() + begin, bytes_.size() - begin));
      on_bytes_(bytes_.size() - begin);
    }
  }

  void read_chunks() {
    while (const std::size_t size = size_of_chunk(line())) {
      read(size);
      if (!line().empty()) throw HttpError(400, "a chunk of the body is longer than its size says");
    }
    while (!line().empty()) {
    }
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::size_t receive(char* to, std::size_t size) {
    const ssize_t count = client_.read(to, size);
    if (count <= 0) throw HttpError(400, "the body is not whole, or came too slowly");
    return static_cast<std::size_t>(count);
  }

  // Without its end.
  std::string line() {
    std::string line;
    while (!line.ends_with("\r\n")) {
      if (line.size() == kLongestLine || line.ends_with('\n')) throw HttpError(400, "the chunks of the body have a line that does not end");
      line.push_back('\0');
      receive(&line.back(), 1);
    }
    line.resize(line.size() - 2);
    return line;
  }

  // Extensions, which follow a semicolon, are left.
  static std::size_t size_of_chunk(std::string_view line) {
    line = line.substr(0, line.find(';'));
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (error != std::errc() || end != line.data() + line.size()) throw HttpError(400, "a chunk of the body has no size");
    return size;
  }

  ClientStream& client_;
  std::size_t largest_;
  const std::function<void(std::size_t)>& on_bytes_;
  std::string bytes_;
};

}  // namespace

HttpError too_large(std::size_t largest) {
  return HttpError(413, fmt::format("the body has more than {} bytes", largest));
}

std::string read_body(ClientStream& client, const httplib::Request& request, std::size_t largest,
                      const std::function<void(std::size_t)>& on_bytes) {
  Body body(client, largest, on_bytes);
  if (request.has_header("Transfer-Encoding")) {
    body.read_chunks();
  } else {
    body.read(request.get_header_value<std::uint64_t>("Content-Length"));
  }
  return body.take();
}

}  // namespace midillama::web
