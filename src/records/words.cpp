#include "midillama/records/words.h"

#include "midillama/core/ascii.h"
#include "midillama/text/casefold.h"
#include "midillama/text/letters.h"
#include "midillama/text/utf8.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace midillama::records {
namespace {

constexpr bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'\u2019' || c == U'\u02BC';
}

// Quotation marks, dashes, dots and spaces of print.
constexpr bool is_typographic(char32_t c) {
  const bool is_latin = c == U'\u00A0' || c == U'\u00A1' || c == U'\u00AB' || c == U'\u00B7' || c == U'\u00BB' || c == U'\u00BF';
  return is_latin || (c >= U'\u2000' && c <= U'\u206F') || (c >= U'\u3000' && c <= U'\u303F');
}

}  // namespace

std::vector<PlainWord> words_in(std::string_view text) {
  std::vector<PlainWord> words;
  bool parted = true;
  const auto add = [&](std::string_view character, bool capital) {
    if (std::exchange(parted, false)) words.push_back({"", capital});
    words.back().text += character;
  };
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = text::take_code_point(text);
    if (is_apostrophe(c)) continue;
    if (c < 0x80 && std::isalnum(static_cast<int>(c))) {
      const char lower = lower_ascii(static_cast<char>(c));
      add({&lower, 1}, c >= U'A' && c <= U'Z');
    } else if (c >= 0x80 && !is_typographic(c)) {
      add(before.substr(0, before.size() - text.size()), text::is_capital(c));
    } else {
      parted = true;
    }
  }
  for (PlainWord& word : words) {
    if (std::ranges::any_of(word.text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) word.text = text::casefold(word.text);
  }
  return words;
}

std::string plain_words(const std::vector<PlainWord>& words) {
  std::string joined;
  for (const auto& word : words) (joined += joined.empty() ? "" : " ") += word.text;
  return joined;
}

std::string plain_words(std::string_view text) {
  return plain_words(words_in(text));
}

bool is_word_at(std::string_view text, std::size_t at, std::string_view words) {
  const auto end = at + words.size();
  return text.compare(at, words.size(), words) == 0 && (at == 0 || text[at - 1] == ' ') && (end >= text.size() || text[end] == ' ');
}

bool contains_words(std::string_view text, std::string_view words) {
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    if (is_word_at(text, at, words)) return true;
  }
  return false;
}

bool ends_with_words(std::string_view text, std::string_view words) {
  return text.size() >= words.size() && is_word_at(text, text.size() - words.size(), words);
}

std::string tonic_name(char letter, char accidental) {
  std::string name(1, letter);
  if (accidental == '#') name += " sharp";
  if (accidental == 'b') name += " flat";
  return name;
}

}  // namespace midillama::records
