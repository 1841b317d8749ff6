#include "grammar/string_scanner.h"

#include <string_view>

namespace midillama::grammar {
namespace {

constexpr int kLowSurrogate = 6;  // bytes of \uDC00

int hex_value(std::uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const int letter = byte | 0x20;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

constexpr bool is_high_surrogate(int first_byte) {
  return first_byte >= 0xD8 && first_byte <= 0xDB;
}
constexpr bool is_low_surrogate(int first_byte) {
  return first_byte >= 0xDC && first_byte <= 0xDF;
}

}  // namespace

using Found = StringScanner::Found;

Found StringScanner::take(std::uint8_t byte) {
  switch (state_) {
    case State::between:
      return begin_character(byte);
    case State::continuation:
      return take_continuation(byte);
    case State::escape:
      return take_escape(byte);
    case State::unit:
      return take_unit(byte);
    case State::low_backslash:
      return byte == '\\' ? go(State::low_u) : Found::error;
    case State::low_u:
      return byte == 'u' ? go(State::low_unit, 4) : Found::error;
    case State::low_unit:
      return take_low_unit(byte);
  }
  return Found::error;
}

Found StringScanner::go(State state, std::uint8_t left) {
  state_ = state;
  left_ = left;
  unit_ = 0;
  return Found::part;
}

Found StringScanner::complete() {
  go(State::between);
  return Found::character;
}

Found StringScanner::begin_character(std::uint8_t byte) {
  if (byte == '"') return Found::end;
  if (byte == '\\') return escapes_ == Escapes::taken ? go(State::escape) : Found::error;
  if (byte < 0x80) return byte < 0x20 ? Found::error : Found::character;
  if (byte < 0xC2 || byte > 0xF4) return Found::error;
  // No spellings that are too long, no surrogates, nothing beyond U+10FFFF.
  low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
  high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
  return go(State::continuation, byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3);
}

Found StringScanner::take_continuation(std::uint8_t byte) {
  if (byte < low_ || byte > high_) return Found::error;
  low_ = 0x80;
  high_ = 0xBF;
  return --left_ == 0 ? complete() : Found::part;
}

Found StringScanner::take_escape(std::uint8_t byte) {
  if (byte == 'u') return go(State::unit, 4);
  return std::string_view("\"\\/bfnrt").find(static_cast<char>(byte)) == std::string_view::npos ? Found::error : complete();
}

Found StringScanner::take_unit(std::uint8_t byte) {
  const int digit = hex_value(byte);
  if (digit < 0) return Found::error;
  unit_ = static_cast<std::uint16_t>(unit_ * 16 + digit);
  --left_;
  if (left_ == 2 && is_low_surrogate(unit_)) return Found::error;
  if (left_ > 0) return Found::part;
  return is_high_surrogate(unit_ >> 8) ? go(State::low_backslash) : complete();
}

Found StringScanner::take_low_unit(std::uint8_t byte) {
  const int digit = hex_value(byte);
  if (digit < 0 || (left_ == 4 && digit != 0xD) || (left_ == 3 && digit < 0xC)) return Found::error;
  return --left_ == 0 ? complete() : Found::part;
}

bool StringScanner::is_before_last_digit() const {
  return left_ == 1 && (state_ == State::low_unit || (state_ == State::unit && !is_high_surrogate(unit_ >> 4)));
}

int StringScanner::bytes_left() const {
  switch (state_) {
    case State::between:
      return 0;
    case State::escape:
      return 1;
    case State::unit:
      return left_ + (left_ <= 2 && is_high_surrogate(unit_ >> (left_ == 2 ? 0 : 4)) ? kLowSurrogate : 0);
    case State::low_backslash:
      return kLowSurrogate;
    case State::low_u:
      return kLowSurrogate - 1;
    case State::continuation:
    case State::low_unit:
      return left_;
  }
  return 0;
}

}  // namespace midillama::grammar
