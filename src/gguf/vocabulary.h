// The tokens of a GGUF file, what they are for, and which of them begin and end a text.
#pragma once

#include "midillama/core/file.h"
#include "midillama/gguf/file.h"
#include "midillama/text/tokenizer.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace midillama::gguf {

// tokenizer.ggml.token_type
enum class TokenKind : std::int64_t { normal = 1, unknown, control, user_defined, unused, byte };

class Vocabulary {
 public:
  // Every token is valid UTF-8 and there once. InputError otherwise, with the key.
  explicit Vocabulary(const File& file);

  const Texts& tokens() const { return tokens_; }
  TokenKind kind(std::size_t id) const { return kinds_.empty() ? TokenKind::normal : static_cast<TokenKind>(kinds_[id]); }
  std::optional<text::TokenId> find(std::string_view token) const;
  // The value of tokenizer.ggml.<name>_token_id, an id of the vocabulary.
  std::optional<text::TokenId> special(const std::string& name) const;
  std::string spelling(text::TokenId id) const { return std::string(tokens_[static_cast<std::size_t>(id)]); }

  // tokenizer.json's object of spellings and ids, and its list of tokens that are found in a text before anything else is done with it.
  OrderedJson to_json() const;
  OrderedJson added_tokens() const;

 private:
  const File& file_;
  Texts tokens_;
  std::vector<std::int64_t> kinds_;
  std::unordered_map<std::string_view, text::TokenId> ids_;
};

}  // namespace midillama::gguf
