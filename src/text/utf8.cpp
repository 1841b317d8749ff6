#include "midillama/text/utf8.h"

#include <algorithm>

namespace midillama::text {
namespace {

// What a lead byte asks for: how many continuation bytes, and between which bounds the first of them lies.
struct Sequence {
  int continuations;
  unsigned char low, high;
};

constexpr Sequence sequence(unsigned char lead) {
  if (lead < 0x80) return {0, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {-1, 0, 0};
}

struct Decoded {
  char32_t code_point;
  std::size_t length;
  bool valid;
};

Decoded decode_front(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  auto [continuations, low, high] = sequence(lead);
  if (continuations < 0) return {kReplacementCharacter, 1, false};
  char32_t code_point = continuations == 0 ? lead : lead & (0x3F >> continuations);
  for (int i = 1; i <= continuations; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const unsigned char byte = at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
    if (byte < low || byte > high) return {kReplacementCharacter, at, false};
    code_point = code_point << 6 | (byte & 0x3F);
    low = 0x80, high = 0xBF;
  }
  return {code_point, static_cast<std::size_t>(continuations) + 1, true};
}

// The length of the longest valid beginning.
std::size_t valid_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Decoded next = decode_front(text.substr(at));
    if (!next.valid) break;
    at += next.length;
  }
  return at;
}

}  // namespace

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

char32_t take_code_point(std::string_view& text) {
  const Decoded next = decode_front(text);
  text.remove_prefix(next.length);
  return next.code_point;
}

void append_utf8(std::string& text, char32_t c) {
  const auto byte = [&](char32_t bits) { text += static_cast<char>(bits); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) {
  return valid_prefix(text) == text.size();
}

std::string_view valid_utf8(std::string_view text, std::string& storage) {
  const std::size_t valid = valid_prefix(text);
  if (valid == text.size()) return text;
  storage.assign(text.substr(0, valid));
  for (text.remove_prefix(valid); !text.empty();) append_utf8(storage, take_code_point(text));
  return storage;
}

bool is_space(char32_t c) {
  if (c < 0x80) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
  if (c >= 0x2000 && c <= 0x200A) return true;
  return c == 0x85 || c == 0xA0 || c == 0x1680 || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string_view rstrip(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && is_continuation(text[last])) --last;
    if (std::string_view character = text.substr(last); !is_space(take_code_point(character))) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string_view strip(std::string_view text) {
  while (!text.empty()) {
    std::string_view rest = text;
    if (!is_space(take_code_point(rest))) break;
    text = rest;
  }
  return rstrip(text);
}

}  // namespace midillama::text
