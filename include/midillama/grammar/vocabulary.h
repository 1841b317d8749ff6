// What each token of a tokenizer adds to a JSON text.
#pragma once

#include "midillama/text/tokenizer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::grammar {

struct TokenTables;

// Made once a tokenizer, and then the same for any number of threads and grammars.
class Vocabulary {
 public:
  // Tokens of `stop_ids` end an answer and are never a part of its text. Error naming a character where no other token is each printable
  // one of ASCII, so that not every JSON text could be written; Error naming a stop id that is none of the tokenizer's.
  explicit Vocabulary(const text::Tokenizer& tokenizer, std::vector<text::TokenId> stop_ids = {});
  ~Vocabulary();

  // Ids run from 0 to size() - 1.
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }
  // Tokenizer::token_bytes(); empty for a token that no answer may have.
  std::string_view bytes(text::TokenId id) const { return bytes_.at(static_cast<std::size_t>(id)); }
  const std::vector<text::TokenId>& stop_ids() const { return stop_ids_; }
  bool drops_first_space() const { return drops_first_space_; }

  const TokenTables& tables() const { return *tables_; }

 private:
  std::vector<std::string> bytes_;  // by id
  std::vector<text::TokenId> stop_ids_;
  bool drops_first_space_;
  std::unique_ptr<const TokenTables> tables_;
};

}  // namespace midillama::grammar
