// The tokenizations of the reference implementations. Invalid UTF-8 counts as U+FFFD.
#pragma once

#include "metrics/vocabulary.h"

#include <string>
#include <string_view>
#include <vector>

namespace midillama::metrics {

// Numbers the tokens of texts by one vocabulary. Not thread-safe: it keeps its buffers from text to text.
class Tokens {
 public:
  // nltk's wordpunct_tokenize (\w+|[^\w\s]+), then str.lower() of every token.
  std::vector<WordId> wordpunct_lower(std::string_view text);

  // sacrebleu's 13a (mteval-v13a), white space at the end removed first.
  std::vector<WordId> mteval_13a(std::string_view text);

  // rouge_score's: lower case, runs of [a-z0-9], those of more than three letters stemmed.
  std::vector<WordId> rouge(std::string_view text);

  Vocabulary& vocabulary() { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
  std::vector<WordId> stems_;  // by word of rouge(); kUnknown where not stemmed yet
  std::string repaired_, first_, second_;
};

}  // namespace midillama::metrics
