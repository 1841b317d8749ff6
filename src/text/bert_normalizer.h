// What BERT's tokenizers make of a text before they look words up, equal to Hugging Face tokenizers' BertNormalizer and BertPreTokenizer.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace midillama::text {

struct BertNormalizer {
  bool cleans = true;            // control characters go, white space of every kind becomes a space
  bool parts_ideographs = true;  // spaces around each
  bool strips_accents = true;
  bool lowers = true;

  // `text` is valid UTF-8.
  std::string normalize(std::string_view text) const;
};

// Calls `receive` with each word in order: what white space parts, and every punctuation mark for itself. None is empty.
void split_bert_words(std::string_view text, const std::function<void(std::string_view word)>& receive);

}  // namespace midillama::text
