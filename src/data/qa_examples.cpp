#include "midillama/data/qa_examples.h"

#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>

namespace midillama::data {
namespace {

constexpr std::size_t kListedCuts = 100;

}  // namespace

QaExamples::QaExamples(std::vector<Question> questions, const ClipEmbeddings& embeddings, const text::PromptTemplate& prompt,
                       std::int64_t max_length)
    : questions_(std::move(questions)), embeddings_(&embeddings), prompt_(&prompt), max_length_(max_length) {
  check_lengths();
}

text::EncodedExample QaExamples::encode(const Question& question) const {
  try {
    return prompt_->encode(question.question, question.answer, max_length_, embeddings_->tokens());
  } catch (const InputError& error) {
    throw InputError(question.place, "", error.what());
  }
}

model::MusicText QaExamples::at(std::int64_t index) const {
  const Question& question = this->question(index);
  auto encoded = encode(question);
  return {std::move(encoded.input_ids), std::move(encoded.labels), encoded.music_position, embeddings_->at(question.clip)};
}

void QaExamples::check_lengths() const {
  std::vector<std::int64_t> lengths(questions_.size());
  std::vector<std::int64_t> cuts(questions_.size());
  parallel_for(questions_.size(), [&](std::size_t i) {
    const auto encoded = encode(questions_[i]);
    lengths[i] = static_cast<std::int64_t>(encoded.input_ids.size()) + embeddings_->tokens();
    cuts[i] = encoded.cut_tokens;
  });
  log::info("{} examples of {} tokens, the longest of {}", questions_.size(),
            std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}), *std::max_element(lengths.begin(), lengths.end()));

  std::vector<std::string> listed;
  std::size_t count = 0;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    if (cuts[i] == 0) continue;
    if (++count <= kListedCuts) listed.push_back(fmt::format("{} ({} tokens)", questions_[i].id, cuts[i]));
  }
  if (count == 0) return;
  log::warning("{} questions were cut at their end to fit {} tokens: {}{}", count, max_length_, fmt::join(listed, ", "),
               count > kListedCuts ? fmt::format(" and {} more", count - kListedCuts) : "");
}

}  // namespace midillama::data
