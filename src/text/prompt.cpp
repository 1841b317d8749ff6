#include "midillama/text/prompt.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/text/utf8.h"
#include "text/prompt_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::text {
namespace {

struct BuiltIn {
  std::string_view name;
  std::string_view turn;
  std::string_view system;  // how a system message is written; empty: before the first question
};

constexpr BuiltIn kBuiltIns[] = {
    {"plain", "{bos}{music}Question: {question}\nAnswer:\n{answer}{eos}", ""},
    {"llama3",
     "<|begin_of_text|>{music}{turn}<|start_header_id|>user<|end_header_id|>\n\n{question}<|eot_id|>"
     "<|start_header_id|>assistant<|end_header_id|>\n\n{answer}<|eot_id|>",
     "<|start_header_id|>system<|end_header_id|>\n\n{system}<|eot_id|>"},
    {"chatml", "{turn}<|im_start|>user\n{music}{question}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n",
     "<|im_start|>system\n{system}<|im_end|>\n"},
};

const BuiltIn* built_in(std::string_view name) {
  const auto* row = std::ranges::find(kBuiltIns, name, &BuiltIn::name);
  return row == std::end(kBuiltIns) ? nullptr : row;
}

// Whether the tokenizer puts a space before whatever it gets.
bool puts_space_before(const Tokenizer& tokenizer) {
  constexpr std::string_view kSpelledSpace = "\xE2\x96\x81";
  const auto ids = tokenizer.encode_rest("a");
  return !ids.empty() && tokenizer.token(ids.front()).starts_with(kSpelledSpace);
}

// Has whatever a template asks for.
class EveryToken final : public Tokenizer {
 public:
  std::vector<TokenId> encode(std::string_view) const override { return {}; }
  std::string decode(std::span<const TokenId>) const override { return {}; }
  std::int64_t vocab_size() const override { return 1; }
  std::optional<TokenId> bos_id() const override { return 0; }
  std::optional<TokenId> eos_id() const override { return 0; }
  std::optional<TokenId> token_id(std::string_view) const override { return 0; }
  std::string token(TokenId) const override { return {}; }
};

// As PromptText::hears_text says.
std::string with_notes_for_music(std::string turn) {
  constexpr std::string_view kMusic = "{music}", kNotes = "{notes}";
  std::size_t place = turn.find(kMusic);
  if (place == std::string::npos) return turn;
  turn.erase(place, kMusic.size());
  if (turn.find(kNotes) != std::string::npos) return turn;
  const std::size_t question = turn.find("{question}");
  if (turn.find("{turn}", place) != std::string::npos && question != std::string::npos) place = question;
  const bool ends_line = turn.compare(place, 1, "\n") == 0;
  return turn.insert(place, fmt::format("{}{}", kNotes, ends_line ? "" : "\n"));
}

// At most `bytes` from the start of a text, whole characters.
std::string_view beginning(std::string_view text, std::size_t bytes) {
  while (bytes > 0 && bytes < text.size() && is_continuation(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::vector<std::string> template_mistakes(const PromptText& text) {
  try {
    PromptTemplate(text, EveryToken());
  } catch (const ConfigError& error) {
    return error.mistakes();
  }
  return {};
}

std::int64_t count_targets(std::span<const std::int64_t> labels) {
  return std::ranges::count_if(labels, [](std::int64_t label) { return label != kIgnoreLabel; });
}

// A conversation's pieces and what is filled in, tokenized one after the other.
class PromptTemplate::Assembly {
 public:
  Assembly(const PromptTemplate& prompt, const Parts& parts) : prompt_(prompt), parts_(parts), system_(parts.system) {}

  EncodedExample run() {
    for (std::size_t number = 0; number < parts_.turns.size(); ++number) write_turn(parts_.turns[number], number == 0);
    cut();
    return std::move(example_);
  }

 private:
  void write_turn(const Turn& turn, bool is_first) {
    for (const Piece& piece : prompt_.pieces_) {
      if (piece.is_once && !is_first) continue;
      if (!piece.is_once && !has_system_place_ && !prompt_.system_pieces_.empty()) write_system();
      if ((piece.kind == Piece::Kind::answer_start || piece.kind == Piece::Kind::answer) && !turn.answer) break;
      write(piece, turn);
    }
    cut();
    is_target_ = false;
  }

  void write_system() {
    const auto system = std::exchange(system_, std::nullopt);
    if (!system) return;
    for (const Piece& piece : prompt_.system_pieces_) {
      if (piece.kind == Piece::Kind::system) {
        pending_ += strip(*system);
      } else {
        write(piece, {});
      }
    }
  }

  void write(const Piece& piece, const Turn& turn) {
    switch (piece.kind) {
      case Piece::Kind::text:
        pending_ += piece.text;
        break;
      case Piece::Kind::token:
        cut(), append({&piece.token, 1});
        after_ = piece.begins_text ? After::nothing : After::token;
        break;
      case Piece::Kind::music:
        cut(), example_.music_position = static_cast<std::int64_t>(example_.input_ids.size());
        break;
      case Piece::Kind::notes:
        pending_ += strip(parts_.notes);
        break;
      case Piece::Kind::system:
        write_system();
        break;
      case Piece::Kind::question:
        if (const auto system = std::exchange(system_, std::nullopt)) pending_ += std::string(strip(*system)) + "\n\n";
        pending_ += strip(turn.question);
        break;
      case Piece::Kind::answer_start:
        begin_target();
        break;
      case Piece::Kind::answer:
        if (!is_target_) begin_target();
        pending_ += strip(*turn.answer);
        break;
    }
  }

  void begin_target() {
    cut();
    is_target_ = true;
  }

  // Tokenizes the text since the last cut, so that a text that was cut in two gives the tokens that it has as a whole.
  void cut() {
    if (pending_.empty()) return;
    if (after_ != After::text) text_.clear(), begins_ = after_ == After::nothing;
    append(text_.empty() ? encode(pending_) : rest_of_text());
    text_ += std::exchange(pending_, "");
    after_ = After::text;
  }

  std::vector<TokenId> encode(const std::string& text) const {
    return begins_ ? prompt_.tokenizer_->encode(text) : prompt_.tokenizer_->encode_rest(text);
  }

  // A tokenizer that puts a space before whatever it gets is given the whole, of which the tokens behind the cut are taken; the pending
  // text alone where a token would span the cut.
  std::vector<TokenId> rest_of_text() const {
    if (!puts_space_before(*prompt_.tokenizer_)) return prompt_.tokenizer_->encode_rest(pending_);
    const auto before = encode(text_), whole = encode(text_ + pending_);
    if (before.size() <= whole.size() && std::ranges::equal(before, std::span(whole).first(before.size())))
      return {whole.begin() + std::ssize(before), whole.end()};
    return prompt_.tokenizer_->encode_rest(pending_.substr(pending_.starts_with(' ') ? 1 : 0));
  }

  void append(std::span<const TokenId> ids) {
    example_.input_ids.insert(example_.input_ids.end(), ids.begin(), ids.end());
    if (is_target_) example_.labels.insert(example_.labels.end(), ids.begin(), ids.end());
    example_.labels.resize(example_.input_ids.size(), kIgnoreLabel);
  }

  const PromptTemplate& prompt_;
  const Parts& parts_;
  std::optional<std::string_view> system_;  // until it is written
  EncodedExample example_;
  std::string pending_;
  std::string text_;                                                  // before pending_, since the last token
  bool begins_ = true;                                                // whether that text begins the example
  enum class After { nothing, token, text } after_ = After::nothing;  // what pending_ follows
  bool has_system_place_ = prompt_.contains(Piece::Kind::system);
  bool is_target_ = false;  // whether what is appended carries loss
};

// One thing that may be left out of a conversation that is too long: how much of it there is, what keeps so much of it, and where it is
// counted.
struct PromptTemplate::Shortening {
  std::size_t (*size)(const Parts& parts);
  void (*keep)(Parts& parts, std::size_t size);
  std::int64_t EncodedExample::*cut;
};

std::span<const PromptTemplate::Shortening> PromptTemplate::shortenings() {
  static constexpr Shortening kInOrder[] = {
      {[](const Parts& parts) { return parts.notes.size(); },
       [](Parts& parts, std::size_t size) { parts.notes = beginning(parts.notes, size); }, &EncodedExample::cut_notes_tokens},
      {[](const Parts& parts) { return parts.turns.size() - 1; },
       [](Parts& parts, std::size_t size) {
         parts.turns.erase(parts.turns.begin(), parts.turns.end() - 1 - static_cast<std::ptrdiff_t>(size));
       },
       &EncodedExample::cut_history_tokens},
      {[](const Parts& parts) { return parts.turns.back().question.size(); },
       [](Parts& parts, std::size_t size) { parts.turns.back().question = beginning(parts.turns.back().question, size); },
       &EncodedExample::cut_tokens},
      {[](const Parts& parts) { return parts.turns.back().answer.value_or("").size(); },
       [](Parts& parts, std::size_t size) {
         if (auto& answer = parts.turns.back().answer) answer = beginning(*answer, size);
       },
       &EncodedExample::cut_answer_tokens},
  };
  return kInOrder;
}

PromptTemplate::PromptTemplate(PromptText text, const Tokenizer& tokenizer)
    : text_(std::move(text.turn)),
      default_system_(std::move(text.default_system)),
      sought_(std::move(text.sought)),
      tokenizer_(&tokenizer) {
  system_ = std::move(text.system);
  if (const BuiltIn* row = built_in(text_)) {
    text_ = row->turn;
    if (system_.empty()) system_ = row->system;
  }
  if (text.hears_text) text_ = with_notes_for_music(std::move(text_));
  Parser parser(tokenizer);
  pieces_ = parser.turn(text_);
  if (system_.empty() && contains(Piece::Kind::system)) system_ = "{system}";
  system_pieces_ = parser.system(system_);
  parser.finish();
}

PromptTemplate::Parts PromptTemplate::parts_of(const Conversation& conversation) const {
  Parts parts{.system = {}, .notes = conversation.notes, .turns = {}};
  for (const Message& message : conversation.messages) {
    const bool answer_is_due = !parts.turns.empty() && !parts.turns.back().answer;
    switch (message.role) {
      case Role::system:
        if (parts.system || !parts.turns.empty()) throw Error("a system message must be the first of a conversation");
        parts.system = message.text;
        break;
      case Role::user:
        if (answer_is_due) throw Error("two questions of a conversation follow each other without an answer");
        parts.turns.push_back({message.text, {}});
        break;
      case Role::assistant:
        if (!answer_is_due) throw Error("an answer of a conversation has no question before it");
        parts.turns.back().answer = message.text;
        break;
    }
  }
  if (parts.turns.empty()) throw Error("a conversation needs a question");
  if (!parts.system) parts.system = default_system_;
  return parts;
}

bool PromptTemplate::contains(Piece::Kind kind) const {
  return std::ranges::find(pieces_, kind, &Piece::kind) != pieces_.end();
}

void PromptTemplate::refuse_sought(const Parts& parts) const {
  const auto check = [&](std::string_view message) {
    const auto found = std::ranges::find_if(sought_, [&](const std::string& what) { return message.find(what) != std::string_view::npos; });
    if (found == sought_.end()) return;
    throw InputError(fmt::format("message \"{}\"", message), "",
                     fmt::format("the model's chat template looks for {} in a message and would write this one otherwise: leave it out, or "
                                 "write the template's turns as prompt.template",
                                 Json(*found).dump()));
  };
  if (parts.system) check(*parts.system);
  for (const Turn& turn : parts.turns) {
    check(turn.question);
    if (turn.answer) check(*turn.answer);
  }
}

EncodedExample PromptTemplate::assemble(const Parts& parts) const {
  return Assembly(*this, parts).run();
}

// The largest size that was seen to fit, by bisection; where nothing fits, nothing of it stays.
void PromptTemplate::shorten(Parts& parts, const Shortening& shortening, std::size_t max_tokens) const {
  const Parts whole = parts;
  const auto fits = [&](std::size_t size) {
    parts = whole;
    shortening.keep(parts, size);
    return assemble(parts).input_ids.size() <= max_tokens;
  };
  std::size_t fitting = 0, exceeding = fits(0) ? shortening.size(whole) : 1;
  while (exceeding - fitting > 1) {
    const std::size_t middle = fitting + (exceeding - fitting) / 2;
    (fits(middle) ? fitting : exceeding) = middle;
  }
  parts = whole;
  shortening.keep(parts, fitting);
}

EncodedExample PromptTemplate::fit(const Parts& whole, std::int64_t max_length, std::int64_t music_tokens) const {
  const auto length = [&](const EncodedExample& example) { return static_cast<std::int64_t>(example.input_ids.size()) + music_tokens; };
  const auto has_answer = [](const Parts& parts) { return !strip(parts.turns.back().answer.value_or("")).empty(); };
  const auto answer_is_gone = [&](const Parts& parts) { return has_answer(whole) && !has_answer(parts); };
  refuse_sought(whole);
  Parts parts = whole;
  EncodedExample example = assemble(parts);
  if (length(example) <= max_length) return example;
  for (const Shortening& shortening : shortenings()) {
    shorten(parts, shortening, static_cast<std::size_t>(std::max<std::int64_t>(0, max_length - music_tokens)));
    EncodedExample shorter = assemble(parts);
    for (const Shortening& any : shortenings()) shorter.*any.cut = example.*any.cut;
    shorter.*shortening.cut = length(example) - length(shorter);
    example = std::move(shorter);
    if (length(example) <= max_length && !answer_is_gone(parts)) return example;
  }
  throw InputError(fmt::format("question \"{}\"", whole.turns.back().question), "",
                   fmt::format("the template alone needs {} tokens ({} of them for the music), but at most {} are allowed: raise "
                               "prompt.max_length",
                               length(example), music_tokens, max_length));
}

EncodedExample PromptTemplate::encode(const Conversation& conversation, std::int64_t max_length, std::int64_t music_tokens) const {
  return fit(parts_of(conversation), max_length, music_tokens);
}

EncodedExample PromptTemplate::encode(std::string_view question, std::string_view answer, std::int64_t max_length,
                                      std::int64_t music_tokens, std::string_view notes) const {
  return fit({.system = default_system_, .notes = notes, .turns = {{question, answer}}}, max_length, music_tokens);
}

EncodedExample PromptTemplate::encode_prompt(std::string_view question, std::int64_t max_length, std::int64_t music_tokens,
                                             std::string_view notes) const {
  return fit({.system = default_system_, .notes = notes, .turns = {{question, std::nullopt}}}, max_length, music_tokens);
}

bool PromptTemplate::has_end() const {
  const auto answer = std::ranges::find(pieces_, Piece::Kind::answer, &Piece::kind);
  return std::any_of(answer, pieces_.end(), [](const Piece& piece) { return piece.kind == Piece::Kind::token; });
}

std::string PromptTemplate::one_turn() const {
  std::string text = text_;
  const auto replace = [&](std::string_view field, const std::string& by) {
    const std::size_t at = text.find(field);
    if (at != std::string::npos) text.replace(at, field.size(), by);
    return at != std::string::npos;
  };
  if (const std::size_t start = text.find("{answer_start}"); start != std::string::npos) {
    text.erase(start, text.find("{answer}") - start);
  }
  std::string system;
  if (default_system_) {
    const std::string own(strip(*default_system_));
    system = system_.empty() ? own + "\n\n" : system_;
    if (const std::size_t at = system.find("{system}"); at != std::string::npos) system.replace(at, 8, own);
  }
  if (!replace("{system}", system) && !(!system_.empty() && replace("{turn}", system))) replace("{question}", system + "{question}");
  replace("{turn}", "");
  return text;
}

std::vector<TokenId> PromptTemplate::stop_ids() const {
  std::vector<TokenId> ids;
  const auto add = [&](std::optional<TokenId> id) {
    if (id && std::ranges::find(ids, *id) == ids.end()) ids.push_back(*id);
  };
  for (auto piece = std::ranges::find(pieces_, Piece::Kind::answer, &Piece::kind); piece != pieces_.end(); ++piece) {
    if (piece->kind == Piece::Kind::token) add(piece->token);
  }
  add(tokenizer_->eos_id());
  add(tokenizer_->token_id("<|end_of_text|>"));
  return ids;
}

}  // namespace midillama::text
