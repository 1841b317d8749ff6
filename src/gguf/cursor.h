// Reads numbers and texts one after the other from bytes that may be anything.
#pragma once

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace midillama::gguf {

class Cursor {
 public:
  // `file` is named in errors. Both must outlive the cursor.
  Cursor(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }

  [[noreturn]] void fail(const std::string& what) const { throw InputError(file_, fmt::format("byte {}", position_), what); }

  // `what` is being read.
  std::string_view take(std::uint64_t count, std::string_view what) {
    if (count > left()) fail(fmt::format("{} of {} bytes does not fit the {} that are left of the file", what, count, left()));
    const std::string_view taken = bytes_.substr(position_, count);
    position_ += count;
    return taken;
  }

  template <typename T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  // A length, then the bytes.
  std::string_view text(std::string_view what) {
    const std::size_t start = position_;
    const auto length = number<std::uint64_t>(what);
    if (length > left()) {
      position_ = start;
      fail(fmt::format("{} of {} bytes does not fit the file", what, length));
    }
    return take(length, what);
  }

  // A count of things that take at least `least_bytes` each.
  std::uint64_t count(std::string_view what, std::uint64_t least_bytes) {
    const std::size_t start = position_;
    const auto count = number<std::uint64_t>(fmt::format("the number of {}", what));
    if (count > left() / least_bytes) {
      position_ = start;
      fail(fmt::format("{} {} do not fit the {} bytes that are left of the file", count, what, left()));
    }
    return count;
  }

 private:
  std::string_view bytes_;
  const std::string& file_;
  std::size_t position_ = 0;
};

}  // namespace midillama::gguf
