#include "metrics/tokens.h"

#include "metrics/porter.h"
#include "metrics/unicode.h"
#include "midillama/core/replace_all.h"
#include "midillama/text/utf8.h"

#include <limits>

namespace midillama::metrics {
namespace {

using text::take_code_point;
using text::valid_utf8;

constexpr WordId kUnknown = std::numeric_limits<WordId>::max();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_stop(char c) {
  return c == '.' || c == ',';
}

// ASCII punctuation and space without ' , - .
bool is_separated(char c) {
  return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

void separate_punctuation(std::string_view text, std::string& out) {
  out.clear();
  for (const char c : text) is_separated(c) ? (out += ' ', out += c, out += ' ') : out += c;
}

// The expressions of mteval-v13a match two neighbours and go on after them; `matches` says which pairs, `separated` writes one.
template <typename Matches, typename Separated>
void replace_pairs(std::string_view text, std::string& out, const Matches& matches, const Separated& separated) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && matches(text[i], text[i + 1])) {
      separated(out, text[i], text[i + 1]);
      ++i;
    } else {
      out += text[i];
    }
  }
}

void space_second(std::string& out, char first, char second) {
  out += first, out += ' ', out += second, out += ' ';
}
void space_first(std::string& out, char first, char second) {
  out += ' ', out += first, out += ' ', out += second;
}

template <typename Token>
void split(std::string_view text, const Token& token) {
  const char* begin = text.data();
  while (!text.empty()) {
    const char* at = text.data();
    if (!text::is_space(take_code_point(text))) continue;
    if (at != begin) token(std::string_view(begin, static_cast<std::size_t>(at - begin)));
    begin = text.data();
  }
  if (text.data() != begin) token(std::string_view(begin, static_cast<std::size_t>(text.data() - begin)));
}

}  // namespace

std::vector<WordId> Tokens::wordpunct_lower(std::string_view text) {
  enum class Class { space, word, other };
  const auto classify = [](char32_t c) { return is_word(c) ? Class::word : is_regex_space(c) ? Class::space : Class::other; };
  std::vector<WordId> ids;
  Class running = Class::space;
  std::string_view rest = valid_utf8(text, repaired_);
  const char* begin = rest.data();
  const auto finish = [&](const char* end) {
    if (running == Class::space) return;
    lower({begin, static_cast<std::size_t>(end - begin)}, first_);
    ids.push_back(vocabulary_.id(first_));
  };
  while (!rest.empty()) {
    const char* at = rest.data();
    const Class next = classify(take_code_point(rest));
    if (next == running) continue;
    finish(at);
    running = next;
    begin = at;
  }
  finish(rest.data());
  return ids;
}

std::vector<WordId> Tokens::mteval_13a(std::string_view text) {
  first_ = text::rstrip(valid_utf8(text, repaired_));
  replace_all(first_, "<skipped>", "");
  replace_all(first_, "-\n", "");
  replace_all(first_, "\n", " ");
  replace_all(first_, "&quot;", "\"");
  replace_all(first_, "&amp;", "&");
  replace_all(first_, "&lt;", "<");
  replace_all(first_, "&gt;", ">");
  separate_punctuation(" " + first_ + " ", second_);
  replace_pairs(
      second_, first_, [](char a, char b) { return !is_digit(a) && is_stop(b); }, space_second);
  replace_pairs(
      first_, second_, [](char a, char b) { return is_stop(a) && !is_digit(b); }, space_first);
  replace_pairs(
      second_, first_, [](char a, char b) { return is_digit(a) && b == '-'; }, space_second);
  std::vector<WordId> ids;
  split(first_, [&](std::string_view token) { ids.push_back(vocabulary_.id(token)); });
  return ids;
}

std::vector<WordId> Tokens::rouge(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c); };
  lower(valid_utf8(text, repaired_), first_);
  std::vector<WordId> ids;
  for (std::size_t i = 0; i < first_.size();) {
    std::size_t end = i;
    while (end < first_.size() && alphanumeric(first_[end])) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    const WordId word = vocabulary_.id(std::string_view(first_).substr(i, end - i));
    if (word >= stems_.size()) stems_.resize(word + 1, kUnknown);
    if (stems_[word] == kUnknown) stems_[word] = end - i > 3 ? vocabulary_.id(porter_stem(vocabulary_.word(word))) : word;
    ids.push_back(stems_[word]);
    i = end;
  }
  return ids;
}

}  // namespace midillama::metrics
