#include "text/byte_alphabet.h"

#include "midillama/text/utf8.h"

#include <array>

namespace midillama::text {
namespace {

constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

constexpr int kNoByte = -1;

struct Alphabet {
  std::array<char32_t, 256> characters{};
  std::array<int, 324> bytes{};  // by character

  constexpr Alphabet() {
    bytes.fill(kNoByte);
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const char32_t character = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
      characters[static_cast<std::size_t>(byte)] = character;
      bytes[character] = byte;
    }
  }
};

constexpr Alphabet kAlphabet;

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
  std::string spelled;
  for (const char byte : bytes) append_utf8(spelled, kAlphabet.characters[static_cast<unsigned char>(byte)]);
  return spelled;
}

std::optional<std::string> from_byte_alphabet(std::string_view spelled) {
  std::string bytes;
  while (!spelled.empty()) {
    const char32_t character = take_code_point(spelled);
    if (character >= kAlphabet.bytes.size() || kAlphabet.bytes[character] == kNoByte) return std::nullopt;
    bytes += static_cast<char>(kAlphabet.bytes[character]);
  }
  return bytes;
}

}  // namespace midillama::text
