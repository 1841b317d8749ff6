#include "midillama/data/qa_examples.h"

#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/data/cut_report.h"

#include <algorithm>

namespace midillama::data {

text::EncodedExample encode(const text::PromptTemplate& prompt, const records::Question& question, std::int64_t max_length,
                            std::int64_t music_tokens) {
  try {
    return prompt.encode(question.question, question.answer, max_length, music_tokens);
  } catch (const InputError& error) {
    throw InputError(question.place, "", error.what());
  }
}

QaExamples::QaExamples(std::vector<records::Question> questions, const ClipEmbeddings& embeddings, const text::PromptTemplate& prompt,
                       std::int64_t max_length)
    : questions_(std::move(questions)), embeddings_(&embeddings), prompt_(&prompt), max_length_(max_length) {
  measure();
}

model::MusicText QaExamples::at(std::int64_t index) const {
  const records::Question& question = this->question(index);
  auto encoded = encode(*prompt_, question, max_length_, embeddings_->tokens());
  return {std::move(encoded.input_ids), std::move(encoded.labels), encoded.music_position, embeddings_->at(question.clip)};
}

void QaExamples::measure() {
  tokens_.resize(questions_.size());
  targets_.resize(questions_.size());
  std::vector<text::EncodedExample> cut(questions_.size());  // without their ids
  parallel_for(questions_.size(), [&](std::size_t i) {
    auto encoded = encode(*prompt_, questions_[i], max_length_, embeddings_->tokens());
    tokens_[i] = static_cast<std::int64_t>(encoded.input_ids.size()) + embeddings_->tokens();
    targets_[i] = text::count_targets(encoded.labels);
    cut[i].cut_tokens = encoded.cut_tokens;
    cut[i].cut_answer_tokens = encoded.cut_answer_tokens;
  });
  std::int64_t total = 0, longest = 0;
  CutReport cuts;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    total += tokens_[i];
    longest = std::max(longest, tokens_[i]);
    cuts.add(questions_[i].id, cut[i]);
  }
  log::info("{} examples of {} tokens, the longest of {}", questions_.size(), total, longest);
  cuts.log(max_length_);
}

}  // namespace midillama::data
