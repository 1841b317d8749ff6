// Token ids to text as they come, one after the other.
#pragma once

#include "midillama/text/tokenizer.h"

#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

// The text of the ids so far is valid UTF-8 at every step: a character whose bytes are spread over several tokens comes with its last one.
class StreamDecoder {
 public:
  // The tokenizer must outlive the decoder.
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  // Takes the next id; returns the text so far.
  std::string_view push(TokenId id);
  // The whole text, as Tokenizer::decode gives it: bytes that never became a character are U+FFFD.
  std::string_view finish();

  std::string_view text() const { return text_; }
  const std::vector<TokenId>& ids() const { return ids_; }

 private:
  void append(std::string_view window);

  const Tokenizer* tokenizer_;
  std::vector<TokenId> ids_;
  std::string text_;
  // Decoding begins a little earlier than what is new, since tokenizers write the space before a word only within a text.
  std::size_t context_ = 0;
  std::size_t written_ = 0;  // ids that text_ holds
};

}  // namespace midillama::text
