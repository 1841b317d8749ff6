// Text as a decoder reads it while it is pre-trained.
#pragma once

#include "midillama/records/question_file.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::data {

// What a tokenizer is trained on: every question in its prompt, and every answer.
std::vector<std::string> tokenizer_texts(const records::QuestionFile& questions);

class TextRows {
 public:
  // A document is about one clip: where the music will stand, the clip's facts, written out in an order drawn from `seed`; then the clip's
  // questions with their answers as `prompt` writes them, as many as `sequence_length` tokens hold (the others follow in further
  // documents). So the decoder learns to read its answers off that place. A row is one document: other clips' facts beside it would only
  // mislead. Where one question alone is longer, its document is cut into several rows.
  TextRows(const records::QuestionFile& questions, const text::PromptTemplate& prompt, const text::Tokenizer& tokenizer, std::uint64_t seed,
           std::int64_t sequence_length);

  std::int64_t size() const { return static_cast<std::int64_t>(rows_.size()); }
  const std::vector<std::int64_t>& at(std::int64_t index) const { return rows_.at(static_cast<std::size_t>(index)); }
  std::string fingerprint() const;

 private:
  std::vector<std::vector<std::int64_t>> rows_;
};

}  // namespace midillama::data
