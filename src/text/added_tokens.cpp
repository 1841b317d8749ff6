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

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (const bool normalized : {false, true}) {
    std::vector<std::size_t> round;
    bool wanted = false;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].normalized != normalized || tokens_[i].content.empty()) continue;
      round.push_back(i);
      wanted = wanted || !tokens_[i].special;
    }
    if (wanted) rounds_.push_back(std::move(round));
  }
}

void AddedTokens::split(std::string_view text, const TextReceiver& receive_text, const TokenReceiver& receive_token) const {
  split(0, text, receive_text, receive_token);
}

// The longest token at the leftmost place. A special one is text, but hides what begins inside it.
void AddedTokens::split(std::size_t round, std::string_view text, const TextReceiver& receive_text,
                        const TokenReceiver& receive_token) const {
  if (text.empty()) return;
  if (round == rounds_.size()) return receive_text(text);
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* found = longest_at(round, text.substr(at));
    if (!found) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + found->content.size();
    at = end;
    if (found->special || (found->single_word && !stands_alone(text, begin, end))) continue;
    if (found->lstrip) begin = std::max(done, begin - white_space_at_end(text.substr(0, begin)));
    if (found->rstrip) end += white_space_at_start(text.substr(end));
    if (done < begin) split(round + 1, text.substr(done, begin - done), receive_text, receive_token);
    receive_token(found->id);
    done = end;
  }
  split(round + 1, text.substr(std::min(done, text.size())), receive_text, receive_token);
}

const AddedToken* AddedTokens::longest_at(std::size_t round, std::string_view text) const {
  const AddedToken* longest = nullptr;
  for (const std::size_t i : rounds_[round]) {
    const AddedToken& token = tokens_[i];
    if (text.starts_with(token.content) && (!longest || token.content.size() > longest->content.size())) longest = &token;
  }
  return longest;
}

}  // namespace midillama::text
