#include "midillama/data/qa_examples.h"

#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/data/cut_report.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace midillama::data {

text::EncodedExample encode(const text::PromptTemplate& prompt, const records::Question& question, std::int64_t max_length,
                            std::int64_t music_tokens, std::string_view notes) {
  try {
    auto conversation = records::conversation_of(question, /*with_answer=*/true);
    conversation.notes = notes;
    return prompt.encode(conversation, max_length, music_tokens);
  } catch (const InputError& error) {
    throw InputError(question.place, "", error.what());
  }
}

QaExamples::QaExamples(records::QuestionFile questions, const ClipInputs& clips, const text::PromptTemplate& prompt,
                       std::int64_t max_length, const model::Projector* projector)
    : questions_(std::move(questions)), clips_(&clips), prompt_(&prompt), max_length_(max_length), projector_(projector) {
  measure();
}

std::int64_t QaExamples::music_tokens(const records::Question& question) const {
  const torch::Tensor music = clips_->music(question.clip);
  if (!music.defined()) return 0;
  return projector_ ? projector_->tokens(music.size(0)) : music.size(0);
}

text::EncodedExample QaExamples::encoded(const records::Question& question) const {
  return encode(*prompt_, question, max_length_, music_tokens(question), clips_->notes(question.clip));
}

model::MusicText QaExamples::at(std::int64_t index) const {
  const records::Question question = this->question(index);
  auto example = encoded(question);
  return {std::move(example.input_ids), std::move(example.labels), example.music_position, clips_->music(question.clip)};
}

void QaExamples::measure() {
  tokens_.resize(questions_.size());
  targets_.resize(questions_.size());
  std::map<std::size_t, std::pair<std::string, text::EncodedExample>> cut;  // ids and examples without their texts, by index
  std::mutex mutex;
  parallel_for("tokenizing", questions_.size(), [&](std::size_t i) {
    const records::Question question = questions_.at(i);
    auto example = encoded(question);
    tokens_[i] = static_cast<std::int64_t>(example.input_ids.size()) + music_tokens(question);
    targets_[i] = text::count_targets(example.labels);
    if (!example.is_cut()) return;
    example.input_ids.clear(), example.labels.clear();
    const std::lock_guard lock(mutex);
    cut.emplace(i, std::pair(question.id, std::move(example)));
  });
  std::int64_t total = 0, longest = 0;
  for (const auto tokens : tokens_) {
    total += tokens;
    longest = std::max(longest, tokens);
  }
  CutReport cuts;
  for (const auto& [index, example] : cut) cuts.add(example.first, example.second);
  log::info("{} examples of {} tokens, the longest of {}", questions_.size(), total, longest);
  cuts.log(max_length_);
}

}  // namespace midillama::data
