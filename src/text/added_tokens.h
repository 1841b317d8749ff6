// Tokens that a tokenizer.json adds to its model. Special ones are never looked for in a text; the others are cut out of it before the
// model sees it.
#pragma once

#include "midillama/text/tokenizer.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;
  bool single_word = false;  // only where no word character stands beside it
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // and behind it
  bool normalized = false;   // looked for after those that are not
};

class AddedTokens {
 public:
  using TextReceiver = std::function<void(std::string_view)>;
  using TokenReceiver = std::function<void(TokenId)>;

  explicit AddedTokens(std::vector<AddedToken> tokens);

  // Calls the receivers with the parts of a valid UTF-8 text in order, as Hugging Face tokenizers cut it with encode_special_tokens set. No
  // part is empty.
  void split(std::string_view text, const TextReceiver& receive_text, const TokenReceiver& receive_token) const;

  const std::vector<AddedToken>& all() const { return tokens_; }

 private:
  void split(std::size_t round, std::string_view text, const TextReceiver& receive_text, const TokenReceiver& receive_token) const;
  const AddedToken* longest_at(std::size_t round, std::string_view text) const;

  std::vector<AddedToken> tokens_;
  std::vector<std::vector<std::size_t>>
      rounds_;  // places in tokens_: those not normalized, then the others; only rounds that can find something
};

}  // namespace midillama::text
