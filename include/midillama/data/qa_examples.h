// Questions about clips as the decoder reads them. The questions stay in their file: of each, memory holds its place and its length.
#pragma once

#include "midillama/data/clip_inputs.h"
#include "midillama/model/midi_llama.h"
#include "midillama/records/question_file.h"
#include "midillama/text/prompt.h"

#include <cstdint>
#include <vector>

namespace midillama::data {

// A question and its answer in the prompt; PromptTemplate::encode's error names the question's line.
text::EncodedExample encode(const text::PromptTemplate& prompt, const records::Question& question, std::int64_t max_length,
                            std::int64_t music_tokens, std::string_view notes = {});

class QaExamples {
 public:
  // `clips`, `prompt` and `projector` (which tells how many musical tokens a clip becomes; nothing: as many as it has vectors) must outlive
  // the examples. Every example is tokenized once at the start, on all cores, to know its length:
  // questions and answers cut to fit `max_length` (tokens, musical ones included) are counted and listed in the log; an example that leaves
  // no room for its answer is an InputError that names its line. Nothing is left out.
  QaExamples(records::QuestionFile questions, const ClipInputs& clips, const text::PromptTemplate& prompt, std::int64_t max_length,
             const model::Projector* projector = nullptr);

  std::int64_t size() const { return static_cast<std::int64_t>(questions_.size()); }
  // Of at(index): tokens, musical ones included, and labels that carry loss.
  std::int64_t tokens(std::int64_t index) const { return tokens_.at(static_cast<std::size_t>(index)); }
  std::int64_t targets(std::int64_t index) const { return targets_.at(static_cast<std::size_t>(index)); }
  records::Question question(std::int64_t index) const { return questions_.at(static_cast<std::size_t>(index)); }
  model::MusicText at(std::int64_t index) const;

 private:
  void measure();
  std::int64_t music_tokens(const records::Question& question) const;
  text::EncodedExample encoded(const records::Question& question) const;

  records::QuestionFile questions_;
  const ClipInputs* clips_;
  const text::PromptTemplate* prompt_;
  std::int64_t max_length_;
  const model::Projector* projector_;
  std::vector<std::int64_t> tokens_;
  std::vector<std::int64_t> targets_;
};

}  // namespace midillama::data
