// Byte pair encoding of one piece of text: bytes are merged pair by pair, the pair of the lowest rank first, the leftmost of equals.
#pragma once

#include "midillama/text/tokenizer.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

using Symbol = std::uint32_t;  // a token id

inline constexpr Symbol kNoSymbol = UINT32_MAX;

// A rule of merging. Pairs may share a rank: then the leftmost of them in a piece is merged first.
struct Merge {
  Symbol left, right, merged;
  std::uint32_t rank;
};

// Merges by pair, in a flat hash table.
class MergeTable {
 public:
  struct Found {
    std::uint32_t rank = UINT32_MAX;  // UINT32_MAX: the pair is not merged
    Symbol merged = kNoSymbol;
  };

  // Of two rules for a pair, the last one counts.
  explicit MergeTable(std::span<const Merge> merges);
  Found find(Symbol left, Symbol right) const;

 private:
  struct Slot {
    std::uint64_t pair;
    Found found;
  };
  std::vector<Slot> slots_;  // open addressing; free where found.merged is kNoSymbol
};

// Token ids by their bytes, in a flat hash table.
class TokenTable {
 public:
  explicit TokenTable(std::span<const std::string> tokens);  // by id; empty strings are no tokens
  Symbol find(std::string_view token) const;                 // kNoSymbol where there is none

 private:
  struct Slot {
    std::uint32_t hash;
    Symbol id;
    std::uint32_t begin, size;  // in bytes_
  };
  std::string bytes_;  // the tokens one after the other
  std::vector<Slot> slots_;
};

struct BpeOptions {
  bool whole_tokens_first =
      false;  // a piece that is a token is taken whole whether or not merges lead to it (tiktoken; ignore_merges in tokenizer.json)
  // A piece begins as its characters, not as its bytes; a character that is no token begins as the tokens <0x00> … <0xFF> of its bytes.
  bool characters = false;
  Symbol unknown = kNoSymbol;  // for a byte (or character) that has no token; without it such bytes are left out
  bool fuse_unknown = false;   // one for a run of them
};

class Bpe {
 public:
  // Buffers that pieces share; one for each thread.
  struct Scratch {
    std::vector<Symbol> symbols;
    std::vector<MergeTable::Found> merges;  // of a symbol with its right neighbour
    std::vector<std::uint32_t> previous, next;
    std::vector<std::uint64_t> queue;
  };

  // `tokens`: the bytes of each token by id, empty where an id is free or has no bytes.
  Bpe(std::vector<std::string> tokens, std::span<const Merge> merges, BpeOptions options);
  Bpe(const Bpe&) = delete;
  Bpe& operator=(const Bpe&) = delete;

  // Appends the piece's token ids.
  void encode(std::string_view piece, std::vector<TokenId>& ids, Scratch& scratch) const;

  // kNoSymbol where there is none.
  Symbol find(std::string_view bytes) const { return table_.find(bytes); }
  const std::vector<std::string>& tokens() const { return tokens_; }

 private:
  void merge(std::string_view piece, Scratch& scratch) const;
  void start(std::string_view piece, Scratch& scratch) const;
  // What the piece begins with is appended to `symbols`: of a character, or of one byte; false where there is no token for it.
  bool append_character(std::string_view character, std::vector<Symbol>& symbols) const;
  void merge_short(Scratch& scratch) const;
  void merge_long(Scratch& scratch) const;

  std::vector<std::string> tokens_;
  TokenTable table_;
  MergeTable merges_;
  BpeOptions options_;
  std::array<Symbol, 256> bytes_{};
  std::vector<bool> whole_;  // by id: a piece equal to the token is the token
};

}  // namespace midillama::text
