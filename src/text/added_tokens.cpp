#include "text/added_tokens.h"

#include "midillama/text/utf8.h"
#include "text/regex.h"

#include <algorithm>

namespace midillama::text {
namespace {

bool is_white_space(char32_t c) {
  return is_space(c) && (c < 0x1C || c > 0x1F);
}

std::string_view last_character(std::string_view text) {
  std::size_t last = text.size() - 1;
  while (last > 0 && is_continuation(text[last])) --last;
  return text.substr(last);
}

bool starts_with_word_character(std::string_view text) {
  static const Regex word(R"(^[\p{L}\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])");
  Regex::Scratch scratch;
  return word.find(text, 0, scratch).has_value();
}

std::size_t white_space_at_end(std::string_view text) {
  const std::size_t size = text.size();
  while (!text.empty()) {
    std::string_view character = last_character(text);
    const std::size_t length = character.size();
    if (!is_white_space(take_code_point(character))) break;
    text.remove_suffix(length);
  }
  return size - text.size();
}

std::size_t white_space_at_start(std::string_view text) {
  std::string_view rest = text;
  std::size_t length = 0;
  while (!rest.empty() && is_white_space(take_code_point(rest))) length = text.size() - rest.size();
  return length;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin == 0 || !starts_with_word_character(last_character(text.substr(0, begin)))) &&
         (end == text.size() || !starts_with_word_character(text.substr(end)));
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, Normalize normalize)
    : tokens_(std::move(tokens)), normalize_(std::move(normalize)) {
  for (const bool normalized : {false, true}) {
    Round round;
    bool wanted = false;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].normalized != normalized || tokens_[i].content.empty()) continue;
      round.places.push_back(i);
      round.contents.push_back(normalized && normalize_ ? normalize_(tokens_[i].content) : tokens_[i].content);
      wanted = wanted || !tokens_[i].special;
    }
    if (wanted) rounds_[normalized ? 1 : 0] = std::move(round);
  }
}

void AddedTokens::split(std::string_view text, const TextReceiver& receive_text, const TokenReceiver& receive_token) const {
  split(0, text, receive_text, receive_token);
}

// The longest token at the leftmost place. A special one is text, but hides what begins inside it.
void AddedTokens::split(std::size_t number, std::string_view text, const TextReceiver& receive_text,
                        const TokenReceiver& receive_token) const {
  if (text.empty()) return;
  if (number == rounds_.size()) return receive_text(text);
  const Round& round = rounds_[number];
  std::string normalized;
  if (number == 1 && normalize_) text = normalized = normalize_(text);
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size() && !round.places.empty();) {
    const auto found = longest_at(round, text.substr(at));
    if (!found) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[round.places[*found]];
    std::size_t begin = at;
    std::size_t end = at + round.contents[*found].size();
    at = end;
    if (token.special || (token.single_word && !stands_alone(text, begin, end))) continue;
    if (token.lstrip) begin = std::max(done, begin - white_space_at_end(text.substr(0, begin)));
    if (token.rstrip) end += white_space_at_start(text.substr(end));
    if (done < begin) split(number + 1, text.substr(done, begin - done), receive_text, receive_token);
    receive_token(token.id);
    done = end;
  }
  split(number + 1, text.substr(std::min(done, text.size())), receive_text, receive_token);
}

std::optional<std::size_t> AddedTokens::longest_at(const Round& round, std::string_view text) const {
  std::optional<std::size_t> longest;
  for (std::size_t i = 0; i < round.contents.size(); ++i) {
    const std::string& content = round.contents[i];
    if (text.starts_with(content) && (!longest || content.size() > round.contents[*longest].size())) longest = i;
  }
  return longest;
}

}  // namespace midillama::text
