// Prompt templates: a conversation becomes token ids, a label mask and the place of the music.
//
// A template is the text of one turn, with fields in braces:
//   {bos} {eos}              the tokenizer's own
//   {music}                  where the musical tokens go (no id of its own)
//   {notes}                  the clip as text; {music}, {notes} or both say what is heard
//   {question} {answer}      the turn's text; the loss is taken from {answer} to the end of the turn
//   {system}                 where a system message goes, if not before the first turn
//   {answer_start}           where the loss begins, if there is text of the answer's before {answer}
//   {turn}                   where a turn begins: what comes before it is there once in a conversation
//   <|token|>, </s> ...      special tokens of the tokenizer, where spelled out in the template (never in what is filled in)
// The text is tokenized in pieces, cut at {music}, before {answer}, at {bos}, {eos} and special tokens, and between turns: what comes
// before {answer} (or {answer_start}) gives the same ids in training and in generation. Text and filled-in text between two cuts are
// tokenized together. White space around what is filled in is removed, as the chat templates of Hugging Face do.
//
// A second turn repeats the template without what a conversation has once: {music}, {notes}, {bos}, what comes before {turn}, and in a
// template without {turn} the token that is the tokenizer's bos where it is spelled in one place only. A system message comes at {system},
// or after what a conversation has once at the template's start as a text of its own kind has it, else before the first question with an
// empty line between.
//
// Built in (a row each of the table in prompt.cpp):
//   plain    {bos}{music}Question: {question} / Answer: / {answer}{eos}, on three lines
//   llama3   the chat template of Llama-3-Instruct with the music right after <|begin_of_text|>
//   chatml   ChatML with the music at the start of the first question
// The model directory's own is read by chat_template.h.
#pragma once

#include "midillama/text/conversation.h"
#include "midillama/text/tokenizer.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::text {

inline constexpr std::int64_t kIgnoreLabel = -100;
inline constexpr std::int64_t kAnyLength = std::numeric_limits<std::int64_t>::max();  // of a prompt: nothing is left out

// The number of labels that carry loss.
std::int64_t count_targets(std::span<const std::int64_t> labels);

struct EncodedExample {
  std::vector<TokenId> input_ids;       // without the musical tokens
  std::vector<TokenId> labels;          // same length; kIgnoreLabel where no loss is taken
  std::int64_t music_position = 0;      // the musical tokens come before input_ids[music_position]
  std::int64_t cut_tokens = 0;          // question tokens left out to fit max_length
  std::int64_t cut_answer_tokens = 0;   // answer tokens left out, where leaving out the whole question was not enough
  std::int64_t cut_notes_tokens = 0;    // tokens of {notes} left out, before any of the above
  std::int64_t cut_history_tokens = 0;  // tokens of earlier turns left out, the oldest first, after the notes and before the question

  bool is_cut() const { return cut_tokens + cut_answer_tokens + cut_notes_tokens + cut_history_tokens > 0; }
};

// What a template is made from.
struct PromptText {
  std::string turn;         // a built-in name or a template
  std::string system = {};  // how it writes a system message, with {system} in its place; empty: as the built-in one, or as it is
  std::optional<std::string> default_system = {};  // the system message of conversations without one
  std::vector<std::string> sought = {};  // what no message may have in it, for the model's own template would write such a one otherwise
  // The clip is heard as text: {notes} takes the place of {music}, on lines of its own, or comes before {question} where {music} is outside
  // of all turns. A template that has {notes} just loses its {music}.
  bool hears_text = false;
};

// What is wrong with a template whatever the tokenizer, as the ConfigError of PromptTemplate says it; empty where nothing is.
std::vector<std::string> template_mistakes(const PromptText& text);

class PromptTemplate {
 public:
  // The tokenizer must outlive the template. ConfigError (key prompt.template) where {question} or {answer} is missing, or both {music} and
  // {notes} are, where one is doubled or comes after {answer}, a field is unknown, a <|token|> is not in the tokenizer, or {bos} or {eos}
  // is asked of a tokenizer without one.
  PromptTemplate(PromptText text, const Tokenizer& tokenizer);
  PromptTemplate(std::string turn, const Tokenizer& tokenizer, std::string system = {})
      : PromptTemplate(PromptText{std::move(turn), std::move(system)}, tokenizer) {}

  // A conversation that ends with an answer: labels on every answer and what follows it in its turn. One that ends with a question: what
  // comes before its answer, for generation. At most max_length tokens, `music_tokens` included. A longer one loses, one after the other as
  // far as needed: notes from their end, earlier turns from the oldest on, the last question's tokens from its end, the last answer's from
  // its end; the system message, the template's own text and special tokens stay whole. InputError where they leave no room for a token of
  // the answer, or where a message has what PromptText::sought names in it; Error where the messages are no conversation.
  EncodedExample encode(const Conversation& conversation, std::int64_t max_length, std::int64_t music_tokens) const;

  // A conversation of one turn.
  EncodedExample encode(std::string_view question, std::string_view answer, std::int64_t max_length, std::int64_t music_tokens,
                        std::string_view notes = {}) const;
  // Only what comes before {answer}; labels are all kIgnoreLabel.
  EncodedExample encode_prompt(std::string_view question, std::int64_t max_length, std::int64_t music_tokens,
                               std::string_view notes = {}) const;

  // The template with built-in names resolved, as PromptText::hears_text has it.
  const std::string& text() const { return text_; }
  // The text of a conversation of one turn, in {bos}, {eos}, {music}, {notes}, {question} and {answer} alone: for programs that fill them
  // in.
  std::string one_turn() const;
  // What is heard: as musical tokens, as text.
  bool has_music() const { return contains(Piece::Kind::music); }
  bool has_notes() const { return contains(Piece::Kind::notes); }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  // Whether a token ends an answer: without one, a model that is trained with the template never stops.
  bool has_end() const;
  // The ids that end an answer, each once: the special tokens that follow {answer} in the template, the tokenizer's eos, and
  // <|end_of_text|> where there is one (a chat model has both).
  std::vector<TokenId> stop_ids() const;

 private:
  struct Piece {
    enum class Kind { text, question, answer_start, answer, music, notes, system, token } kind;
    std::string text = {};     // kind text
    TokenId token = 0;         // kind token
    bool is_once = false;      // once in a conversation, not once a turn
    bool begins_text = false;  // kind token, {bos}: a text begins after it
  };
  class Parser;
  class Assembly;
  // A conversation's parts as views: cutting one copies no text.
  struct Turn {
    std::string_view question;
    std::optional<std::string_view> answer;  // nothing: it is to be generated
  };
  struct Parts {
    std::optional<std::string_view> system;
    std::string_view notes;
    std::vector<Turn> turns;
  };
  struct Shortening;

  Parts parts_of(const Conversation& conversation) const;
  // In the order in which they are tried.
  static std::span<const Shortening> shortenings();
  bool contains(Piece::Kind kind) const;
  EncodedExample assemble(const Parts& parts) const;
  void refuse_sought(const Parts& parts) const;
  void shorten(Parts& parts, const Shortening& shortening, std::size_t max_tokens) const;
  EncodedExample fit(const Parts& parts, std::int64_t max_length, std::int64_t music_tokens) const;

  std::string text_;
  std::string system_;  // the text of a system message; empty: it comes before the first question
  std::optional<std::string> default_system_;
  std::vector<std::string> sought_;
  const Tokenizer* tokenizer_;
  std::vector<Piece> pieces_;         // of a turn
  std::vector<Piece> system_pieces_;  // of a system message
};

}  // namespace midillama::text
