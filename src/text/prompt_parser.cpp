#include "text/prompt_parser.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::text {
namespace {

// The name at the start of `text` that `open` and `close` enclose, or nothing: "{music}..." gives "music".
std::string_view enclosed(std::string_view text, std::string_view open, std::string_view close, bool (*allowed)(char)) {
  if (!text.starts_with(open)) return {};
  const auto rest = text.substr(open.size());
  const auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest, allowed) - rest.begin());
  return rest.substr(end).starts_with(close) ? rest.substr(0, end) : std::string_view();
}

bool in_field(char c) {
  return (c >= 'a' && c <= 'z') || c == '_';
}
bool in_angles(char c) {
  return in_field(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool in_bars(char c) {
  return c != '|' && c != '<' && c != '>';
}

// Around the names of special tokens, beside <| and |>.
constexpr std::pair<std::string_view, std::string_view> kBrackets[] = {{"<", ">"}, {"</", ">"}, {"[", "]"}, {"[/", "]"}};

}  // namespace

std::vector<PromptTemplate::Piece> PromptTemplate::Parser::turn(std::string_view text) {
  using Kind = Piece::Kind;
  parse(text);
  const auto end = static_cast<std::ptrdiff_t>(pieces_.size());
  const auto music = place(Kind::music, "{music}");
  const auto notes = place(Kind::notes, "{notes}");
  if (music == end && notes == end) mistake("{music} is missing ({notes}, the clip as text, may take its place)");
  const auto question = place(Kind::question, "{question}");
  if (question == end) mistake("{question} is missing");
  const auto answer = place(Kind::answer, "{answer}");
  if (answer == end) mistake("{answer} is missing");
  const auto comes_late = [&](std::ptrdiff_t at) { return at != end && at > answer; };
  if (mistakes_.empty() && (comes_late(music) || comes_late(notes) || comes_late(question))) {
    mistake("{music}, {notes} and {question} must come before {answer}");
  }
  const auto system = place(Kind::system, "{system}"), start = place(Kind::answer_start, "{answer_start}");
  if (mistakes_.empty() && system != end && system > question) mistake("{system} must come before {question}");
  if (mistakes_.empty() && start != end && (start > answer || start < question)) {
    mistake("{answer_start} must come between {question} and {answer}");
  }
  if (mistakes_.empty() && turn_ && static_cast<std::ptrdiff_t>(*turn_) > question) {
    mistake("{turn} must come before {question}");
  }
  mark_once();
  return std::move(pieces_);
}

std::vector<PromptTemplate::Piece> PromptTemplate::Parser::system(std::string_view text) {
  if (text.empty()) return {};
  turn_.reset();
  auto before = std::exchange(mistakes_, {});
  pieces_.clear();
  parse(text);
  if (std::ranges::count(pieces_, Piece::Kind::system, &Piece::kind) != 1) mistake("a system message's text needs {system} once");
  for (const std::string& found : mistakes_) {
    if (std::ranges::find(before, found) == before.end()) before.push_back(found);
  }
  mistakes_ = std::move(before);
  return std::move(pieces_);
}

void PromptTemplate::Parser::finish() const {
  if (!mistakes_.empty()) throw ConfigError(mistakes_);
}

void PromptTemplate::Parser::parse(std::string_view text) {
  while (!text.empty()) text.remove_prefix(take(text));
}

std::size_t PromptTemplate::Parser::take(std::string_view text) {
  if (const auto name = enclosed(text, "{", "}", in_field); !name.empty()) return field(name), name.size() + 2;
  if (const auto name = enclosed(text, "<|", "|>", in_bars); !name.empty()) {
    const auto spelling = text.substr(0, name.size() + 4);
    if (!token(spelling)) mistake(fmt::format("the tokenizer has no token {}", spelling));
    return spelling.size();
  }
  for (const auto& [open, close] : kBrackets) {
    const auto name = enclosed(text, open, close, in_angles);
    if (const auto spelling = text.substr(0, open.size() + name.size() + 1); !name.empty() && token(spelling)) return spelling.size();
  }
  if (pieces_.empty() || pieces_.back().kind != Piece::Kind::text || turn_ == pieces_.size()) pieces_.push_back({Piece::Kind::text});
  pieces_.back().text += text.front();
  return 1;
}

void PromptTemplate::Parser::field(std::string_view name) {
  if (name == "music") return pieces_.push_back({.kind = Piece::Kind::music, .is_once = true});
  if (name == "notes") return pieces_.push_back({.kind = Piece::Kind::notes, .is_once = true});
  if (name == "question") return pieces_.push_back({Piece::Kind::question});
  if (name == "answer") return pieces_.push_back({Piece::Kind::answer});
  if (name == "answer_start") return pieces_.push_back({Piece::Kind::answer_start});
  if (name == "system") return pieces_.push_back({Piece::Kind::system});
  if (name == "turn") {
    if (turn_) mistake("{turn} stands more than once");
    turn_ = pieces_.size();
    return;
  }
  if (name == "bos") return own_token(name, tokenizer_.bos_id(), true);
  if (name == "eos") return own_token(name, tokenizer_.eos_id(), false);
  mistake(
      fmt::format("unknown field {{{}}}: there are {{bos}}, {{eos}}, {{music}}, {{notes}}, {{system}}, {{turn}}, {{question}}, "
                  "{{answer_start}} and {{answer}}",
                  name));
}

void PromptTemplate::Parser::own_token(std::string_view name, std::optional<TokenId> id, bool is_once) {
  if (!id) return mistake(fmt::format("{{{}}} is asked for, but the tokenizer names no {} token", name, name));
  pieces_.push_back({.kind = Piece::Kind::token, .token = *id, .is_once = is_once, .begins_text = is_once});
}

bool PromptTemplate::Parser::token(std::string_view spelling) {
  const auto id = tokenizer_.token_id(spelling);
  if (id) pieces_.push_back({.kind = Piece::Kind::token, .token = *id});
  return id.has_value();
}

// A chat format may begin every message with the bos token: that one belongs to the turn.
void PromptTemplate::Parser::mark_once() {
  if (turn_) {
    for (std::size_t i = 0; i < *turn_; ++i) pieces_[i].is_once = true;
    return;
  }
  const auto is_bos = [&](const Piece& piece) { return piece.kind == Piece::Kind::token && piece.token == tokenizer_.bos_id(); };
  if (std::ranges::count_if(pieces_, is_bos) == 1) std::ranges::find_if(pieces_, is_bos)->is_once = true;
}

std::ptrdiff_t PromptTemplate::Parser::place(Piece::Kind kind, std::string_view name) {
  const auto count = std::ranges::count(pieces_, kind, &Piece::kind);
  if (count > 1) mistake(fmt::format("{} stands {} times, once is right", name, count));
  return std::ranges::find(pieces_, kind, &Piece::kind) - pieces_.begin();
}

}  // namespace midillama::text
