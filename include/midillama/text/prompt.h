// Prompt templates: question and answer become token ids, a label mask and the place of the music.
//
// A template is text with fields in braces:
//   {bos} {eos}              the tokenizer's own
//   {music}                  where the musical tokens go (no id of its own)
//   {question} {answer}      the example's text; the loss is taken from {answer} to the end of the template
//   <|token|>, </s> ...      special tokens of the tokenizer, where spelled out in the template (never in a question or an answer)
// The text is tokenized in pieces, cut at {music}, before {answer}, and at {bos}, {eos} and special tokens: what stands before {answer}
// gives the same ids in training and in generation. Text and {question} between two cuts are tokenized together. White space around a
// question and an answer is removed, as the chat templates of Hugging Face do.
//
// Built in:
//   plain    {bos}{music}Question: {question} / Answer: / {answer}{eos}, on three lines
//   llama3   the chat template of Llama-3-Instruct with the music right after <|begin_of_text|>, the question as the user's turn, the
//   answer as the
//            assistant's
#pragma once

#include "midillama/text/tokenizer.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

inline constexpr std::int64_t kIgnoreLabel = -100;

// The number of labels that carry loss.
std::int64_t count_targets(std::span<const std::int64_t> labels);

struct EncodedExample {
  std::vector<TokenId> input_ids;      // without the musical tokens
  std::vector<TokenId> labels;         // same length; kIgnoreLabel where no loss is taken
  std::int64_t music_position = 0;     // the musical tokens stand before input_ids[music_position]
  std::int64_t cut_tokens = 0;         // question tokens left out to fit max_length
  std::int64_t cut_answer_tokens = 0;  // answer tokens left out, where leaving out the whole question was not enough
};

class PromptTemplate {
 public:
  // `text`: "plain", "llama3" or a template. The tokenizer must outlive the template. ConfigError (key prompt.template) where {music},
  // {question} or {answer} is missing or doubled or stands in the wrong order ({answer} is last), a field is unknown, a <|token|> is not in
  // the tokenizer, or {bos} or {eos} is asked of a tokenizer without one.
  PromptTemplate(std::string text, const Tokenizer& tokenizer);

  // Both prompt and answer, labels on the answer and what follows it. At most max_length tokens, `music_tokens` included. Where it would be
  // longer, question tokens are left out from the question's end, and where that is not enough answer tokens from the answer's end; the
  // template's own text and special tokens stay whole. InputError where they leave no room for a token of the answer.
  EncodedExample encode(std::string_view question, std::string_view answer, std::int64_t max_length, std::int64_t music_tokens) const;

  // Only what stands before {answer}; labels are all kIgnoreLabel.
  EncodedExample encode_prompt(std::string_view question, std::int64_t max_length, std::int64_t music_tokens) const;

  // The template with built-in names resolved.
  const std::string& text() const { return text_; }
  // The ids that end an answer, each once: the special tokens that follow {answer} in the template, the tokenizer's eos, and
  // <|end_of_text|> where there is one (a chat model has both).
  std::vector<TokenId> stop_ids() const;

 private:
  struct Piece {
    enum class Kind { text, question, answer, music, token } kind;
    std::string text = {};  // kind text
    TokenId token = 0;      // kind token
  };
  class Parser;

  // Everything before {answer} where `answer` is nothing.
  EncodedExample assemble(std::string_view question, std::optional<std::string_view> answer) const;
  EncodedExample fit(std::string_view question, std::optional<std::string_view> answer, std::int64_t max_length,
                     std::int64_t music_tokens) const;

  std::string text_;
  const Tokenizer* tokenizer_;
  std::vector<Piece> pieces_;
};

}  // namespace midillama::text
