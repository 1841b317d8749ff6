// Which tokens can come next in a text of a grammar.
#pragma once

#include "midillama/grammar/grammar.h"

#include <cstdint>
#include <memory>
#include <span>

namespace midillama::grammar {

// A text that is written token by token. What it holds grows with the text. Not for several threads.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const Grammar> grammar);
  ~Matcher();

  // Bit id % 64 of word id / 64 for every id of the vocabulary, good until the next call. `remaining`: tokens that may still be written,
  // the next included. Where it is shortest() or more, at least one bit is set, and after any of these tokens the text can be completed
  // with those that remain, a stop token not counted. The vocabulary's stop ids may come exactly where the text is complete. Error where
  // nothing may come: `remaining` is less, or the text is_finished() and there are no stop ids.
  std::span<const std::uint64_t> allowed(std::int64_t remaining);

  // The next token; a stop token changes nothing. Error where the grammar does not allow it; the text is as before then.
  void accept(text::TokenId id);

  // Tokens that the text needs at most to be complete; 0 where it is.
  std::int64_t shortest() const;
  // Whether the text is one of the grammar's: it parses and satisfies the schema.
  bool is_complete() const;
  // Whether it is, and nothing but a stop token can follow.
  bool is_finished();

 private:
  class State;

  std::unique_ptr<State> state_;
};

}  // namespace midillama::grammar
