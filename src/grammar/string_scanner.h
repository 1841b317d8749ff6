// A JSON string, byte for byte: valid UTF-8 (RFC 3629), escapes as RFC 8259 has them, surrogates only in pairs.
#pragma once

#include <cstdint>

namespace midillama::grammar {

class StringScanner {
 public:
  enum class Escapes { taken, refused };

  // Between two characters.
  explicit StringScanner(Escapes escapes = Escapes::taken) : escapes_(escapes) {}

  enum class Found { error, part, character, end };
  // What the next byte is: impossible here, a part of a character, the last byte of one (an escape is one, and so is a pair of surrogates),
  // or the quote that ends the string. Nothing may be taken after an error or the end.
  Found take(std::uint8_t byte);

  bool is_between_characters() const { return state_ == State::between; }
  bool is_after_backslash() const { return state_ == State::escape; }
  // Before the last hexadecimal digit of a character.
  bool is_before_last_digit() const;
  // Bytes that a character which has begun still needs at least.
  int bytes_left() const;

  bool operator==(const StringScanner&) const = default;

 private:
  enum class State : std::uint8_t { between, continuation, escape, unit, low_backslash, low_u, low_unit };

  Found begin_character(std::uint8_t byte);
  Found take_continuation(std::uint8_t byte);
  Found take_escape(std::uint8_t byte);
  Found take_unit(std::uint8_t byte);
  Found take_low_unit(std::uint8_t byte);
  Found go(State state, std::uint8_t left = 0);
  Found complete();

  Escapes escapes_;
  State state_ = State::between;
  std::uint8_t left_ = 0;                  // continuation bytes or hexadecimal digits to come
  std::uint8_t low_ = 0x80, high_ = 0xBF;  // the next continuation byte
  std::uint16_t unit_ = 0;                 // of UTF-16, as far as its digits are known
};

}  // namespace midillama::grammar
