// Tokens that a tokenizer.json adds to its model. Special ones are never looked for in a text; the others are cut out of it before the
// model sees it.
#pragma once

#include "midillama/text/tokenizer.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;
  bool single_word = false;  // only where no word character is beside it
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // and after it
  bool normalized = false;   // looked for after those that are not
};

class AddedTokens {
 public:
  using TextReceiver = std::function<void(std::string_view)>;
  using TokenReceiver = std::function<void(TokenId)>;

  // Turns a text into what the tokens that are `normalized`, and the model, see; nothing: as it is.
  using Normalize = std::function<std::string(std::string_view)>;

  explicit AddedTokens(std::vector<AddedToken> tokens, Normalize normalize = nullptr);

  // Calls the receivers with the parts of a valid UTF-8 text in order, as Hugging Face tokenizers cut it with encode_special_tokens set. No
  // part is empty. Texts are given normalized.
  void split(std::string_view text, const TextReceiver& receive_text, const TokenReceiver& receive_token) const;

  const std::vector<AddedToken>& all() const { return tokens_; }

 private:
  // Tokens that are looked for together; none where they could find nothing.
  struct Round {
    std::vector<std::size_t> places;    // in tokens_
    std::vector<std::string> contents;  // as they are looked for
  };

  void split(std::size_t round, std::string_view text, const TextReceiver& receive_text, const TokenReceiver& receive_token) const;
  // Its place in the round; nothing where there is none.
  std::optional<std::size_t> longest_at(const Round& round, std::string_view text) const;

  std::vector<AddedToken> tokens_;
  Normalize normalize_;
  std::array<Round, 2> rounds_;  // those not normalized, then the others
};

}  // namespace midillama::text
