// A checked reading position in the bytes of a MIDI file.
#pragma once

#include "midillama/midi/file.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

namespace midillama::midi {

// The file ends inside a track whose header promises more bytes.
class CutShort : public MidiError {
 public:
  using MidiError::MidiError;
};

class Cursor {
 public:
  Cursor(std::span<const std::uint8_t> bytes, const std::string& name)
      : name_(&name), begin_(bytes.data()), next_(begin_), end_(begin_ + bytes.size()) {}

  // The next `size` bytes as a cursor of their own, fewer where the file ends before; this one moves on to what follows.
  Cursor split(std::size_t size) {
    Cursor part = *this;
    part.cut_short_ = size > remaining();
    next_ += std::min(size, remaining());
    part.end_ = next_;
    return part;
  }

  bool at_end() const { return next_ == end_; }
  bool cut_short() const { return cut_short_; }
  std::size_t offset() const { return static_cast<std::size_t>(next_ - begin_); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - next_); }

  std::uint8_t byte() {
    if (at_end()) fail_at_end();
    return *next_++;
  }

  std::span<const std::uint8_t> take(std::size_t size) {
    if (size > remaining()) fail_at_end();
    const std::uint8_t* first = next_;
    next_ += size;
    return {first, size};
  }

  // Big-endian.
  std::uint32_t integer(int bytes) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : take(static_cast<std::size_t>(bytes))) value = value << 8 | byte;
    return value;
  }

  // Seven bits a byte, as many bytes as there are; values above kLargest are given as kLargest.
  static constexpr std::int64_t kLargest = std::int64_t{1} << 40;
  std::int64_t variable_length() {
    std::uint8_t next = byte();
    std::int64_t value = next & 0x7f;
    while (next & 0x80) {
      next = byte();
      value = std::min(value << 7 | (next & 0x7f), kLargest);
    }
    return value;
  }

  [[noreturn]] void fail(std::size_t offset, const std::string& what) const { throw MidiError(*name_, offset, what); }

 private:
  [[noreturn]] void fail_at_end() const {
    if (cut_short_) throw CutShort(*name_, offset(), "the file ends inside a track");
    fail(offset(), "an event reaches beyond the end of its track chunk");
  }

  const std::string* name_;
  const std::uint8_t* begin_;
  const std::uint8_t* next_;
  const std::uint8_t* end_;
  bool cut_short_ = false;
};

}  // namespace midillama::midi
