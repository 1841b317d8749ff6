#include "midillama/text/prompt.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::text {
namespace {

constexpr std::string_view kPlain = "{bos}{music}Question: {question}\nAnswer:\n{answer}{eos}";
constexpr std::string_view kLlama3 =
    "<|begin_of_text|>{music}<|start_header_id|>user<|end_header_id|>\n\n{question}<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n{answer}<|eot_id|>";

std::string resolve(std::string name) {
  if (name == "plain") return std::string(kPlain);
  if (name == "llama3") return std::string(kLlama3);
  return name;
}

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

// `assemble` of the longest beginning of `text` that was seen to fit, by bisection over its bytes. The empty beginning fits.
template <typename Assemble, typename Fits>
EncodedExample longest_that_fits(std::string_view text, const Assemble& assemble, const Fits& fits) {
  EncodedExample best = assemble("");
  for (std::size_t fitting = 0, exceeding = text.size(); exceeding - fitting > 1;) {
    const std::size_t middle = fitting + (exceeding - fitting) / 2;
    std::size_t end = middle;
    while (end > 0 && is_continuation(text[end])) --end;
    EncodedExample candidate = assemble(text.substr(0, end));
    if (!fits(candidate)) {
      exceeding = middle;
      continue;
    }
    fitting = middle;
    best = std::move(candidate);
  }
  return best;
}

}  // namespace

std::int64_t count_targets(std::span<const std::int64_t> labels) {
  return std::ranges::count_if(labels, [](std::int64_t label) { return label != kIgnoreLabel; });
}

// Cuts the template's text into pieces and collects what is wrong with it.
class PromptTemplate::Parser {
 public:
  explicit Parser(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  std::vector<Piece> parse(std::string_view text) {
    while (!text.empty()) text.remove_prefix(take(text));
    const auto music = place(Piece::Kind::music, "{music}");
    const auto question = place(Piece::Kind::question, "{question}");
    const auto answer = place(Piece::Kind::answer, "{answer}");
    if (mistakes_.empty() && (answer < music || answer < question)) mistake("{music} and {question} must stand before {answer}");
    if (!mistakes_.empty()) throw ConfigError(mistakes_);
    return std::move(pieces_);
  }

 private:
  // Takes one piece, or one character of text, from the start of `text` and returns its length.
  std::size_t take(std::string_view text) {
    if (const auto name = enclosed(text, "{", "}", in_field); !name.empty()) return field(name), name.size() + 2;
    if (const auto name = enclosed(text, "<|", "|>", in_bars); !name.empty()) {
      const auto spelling = text.substr(0, name.size() + 4);
      if (!token(spelling)) mistake(fmt::format("the tokenizer has no token {}", spelling));
      return spelling.size();
    }
    for (const std::string_view open : {"<", "</"}) {
      const auto name = enclosed(text, open, ">", in_angles);
      if (const auto spelling = text.substr(0, open.size() + name.size() + 1); !name.empty() && token(spelling)) return spelling.size();
    }
    if (pieces_.empty() || pieces_.back().kind != Piece::Kind::text) pieces_.push_back({Piece::Kind::text});
    pieces_.back().text += text.front();
    return 1;
  }

  void field(std::string_view name) {
    if (name == "music") return pieces_.push_back({Piece::Kind::music});
    if (name == "question") return pieces_.push_back({Piece::Kind::question});
    if (name == "answer") return pieces_.push_back({Piece::Kind::answer});
    if (name == "bos") return own_token(name, tokenizer_.bos_id());
    if (name == "eos") return own_token(name, tokenizer_.eos_id());
    mistake(fmt::format("unknown field {{{}}}: there are {{bos}}, {{eos}}, {{music}}, {{question}} and {{answer}}", name));
  }

  void own_token(std::string_view name, std::optional<TokenId> id) {
    if (!id) return mistake(fmt::format("{{{}}} is asked for, but the tokenizer names no {} token", name, name));
    pieces_.push_back({Piece::Kind::token, {}, *id});
  }

  bool token(std::string_view spelling) {
    const auto id = tokenizer_.token_id(spelling);
    if (id) pieces_.push_back({Piece::Kind::token, {}, *id});
    return id.has_value();
  }

  std::ptrdiff_t place(Piece::Kind kind, std::string_view name) {
    const auto count = std::ranges::count(pieces_, kind, &Piece::kind);
    if (count == 0) mistake(fmt::format("{} is missing", name));
    if (count > 1) mistake(fmt::format("{} stands {} times, once is right", name, count));
    return std::ranges::find(pieces_, kind, &Piece::kind) - pieces_.begin();
  }

  void mistake(const std::string& what) { mistakes_.push_back("prompt.template: " + what); }

  const Tokenizer& tokenizer_;
  std::vector<Piece> pieces_;
  std::vector<std::string> mistakes_;
};

PromptTemplate::PromptTemplate(std::string text, const Tokenizer& tokenizer)
    : text_(resolve(std::move(text))), tokenizer_(&tokenizer), pieces_(Parser(tokenizer).parse(text_)) {}

EncodedExample PromptTemplate::assemble(std::string_view question, std::optional<std::string_view> answer) const {
  EncodedExample example;
  std::string pending;  // text since the last cut
  bool answered = false;
  const auto append = [&](std::span<const TokenId> ids) {
    example.input_ids.insert(example.input_ids.end(), ids.begin(), ids.end());
    if (answered) example.labels.insert(example.labels.end(), ids.begin(), ids.end());
    example.labels.resize(example.input_ids.size(), kIgnoreLabel);
  };
  const auto cut = [&] {
    if (!pending.empty()) append(tokenizer_->encode(pending));
    pending.clear();
  };
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Piece::Kind::text:
        pending += piece.text;
        break;
      case Piece::Kind::question:
        pending += strip(question);
        break;
      case Piece::Kind::token:
        cut(), append({&piece.token, 1});
        break;
      case Piece::Kind::music:
        cut(), example.music_position = static_cast<std::int64_t>(example.input_ids.size());
        break;
      case Piece::Kind::answer:
        cut();
        if (!answer) return example;
        answered = true;
        pending += strip(*answer);
        break;
    }
  }
  cut();
  return example;
}

EncodedExample PromptTemplate::fit(std::string_view question, std::optional<std::string_view> answer, std::int64_t max_length,
                                   std::int64_t music_tokens) const {
  const auto length = [&](const EncodedExample& example) { return static_cast<std::int64_t>(example.input_ids.size()) + music_tokens; };
  const auto fits = [&](const EncodedExample& example) { return length(example) <= max_length; };
  const EncodedExample whole = assemble(question, answer);
  if (fits(whole)) return whole;
  const EncodedExample without_question = assemble("", answer);
  if (fits(without_question)) {
    EncodedExample best = longest_that_fits(
        question, [&](std::string_view part) { return assemble(part, answer); }, fits);
    best.cut_tokens = length(whole) - length(best);
    return best;
  }
  const EncodedExample bare = answer ? assemble("", "") : without_question;
  if (answer && length(bare) < max_length) {
    EncodedExample best = longest_that_fits(
        *answer, [&](std::string_view part) { return assemble("", part); }, fits);
    best.cut_tokens = length(whole) - length(without_question);
    best.cut_answer_tokens = length(without_question) - length(best);
    if (length(best) > length(bare)) return best;
  }
  throw InputError(fmt::format("question \"{}\"", question), "",
                   fmt::format("the template alone needs {} tokens ({} of them for the music), but at most {} are allowed: raise "
                               "prompt.max_length",
                               length(bare), music_tokens, max_length));
}

EncodedExample PromptTemplate::encode(std::string_view question, std::string_view answer, std::int64_t max_length,
                                      std::int64_t music_tokens) const {
  return fit(question, answer, max_length, music_tokens);
}

EncodedExample PromptTemplate::encode_prompt(std::string_view question, std::int64_t max_length, std::int64_t music_tokens) const {
  return fit(question, std::nullopt, max_length, music_tokens);
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
