// A vocabulary as the matcher asks for it.
#pragma once

#include "grammar/byte_trie.h"
#include "grammar/string_scanner.h"

#include <cstdint>
#include <span>
#include <vector>

namespace midillama::grammar {

using Mask = std::vector<std::uint64_t>;  // bit id % 64 of word id / 64

inline void set_bit(std::span<std::uint64_t> mask, text::TokenId id) {
  mask[static_cast<std::size_t>(id) / 64] |= std::uint64_t{1} << (id % 64);
}

inline void clear_bit(std::span<std::uint64_t> mask, text::TokenId id) {
  mask[static_cast<std::size_t>(id) / 64] &= ~(std::uint64_t{1} << (id % 64));
}

// What may come at one place of a string. Almost every token keeps within it and ends between two characters, whatever is around the
// string: these are known beforehand, by the characters that they complete. The others are for a walk.
class StringTokens {
 public:
  StringTokens(const std::vector<TokenBytes>& tokens, std::int64_t vocabulary_size, const StringScanner& place);

  // Adds to a mask those that complete from `fewest` to `most` characters.
  void add_within(std::int64_t fewest, std::int64_t most, std::span<std::uint64_t> mask) const;
  // Those that go beyond the string's end or stop within a character.
  const ByteTrie& others() const { return others_; }

 private:
  std::vector<Mask> up_to_;  // by characters: those that complete no more
  ByteTrie others_;
};

struct TokenTables {
  TokenTables(const std::vector<TokenBytes>& tokens, std::int64_t vocabulary_size);

  ByteTrie all;
  StringTokens in_string;
  StringTokens after_backslash;
  StringTokens before_last_digit;  // of \u00e9
  StringTokens in_key;             // of a string without escapes
};

}  // namespace midillama::grammar
