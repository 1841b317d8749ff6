#include "midillama/works/words.h"

#include "midillama/text/utf8.h"

#include <glib.h>

#include <algorithm>
#include <memory>

namespace midillama::works {
namespace {

// Letters that Unicode does not decompose.
struct PlainLetters {
  char32_t letter;
  const char* plain;
};
constexpr PlainLetters kPlain[] = {{U'ß', "ss"}, {U'æ', "ae"}, {U'œ', "oe"}, {U'ø', "o"}, {U'ł', "l"},
                                   {U'đ', "d"},  {U'ð', "d"},  {U'þ', "th"}, {U'ħ', "h"}, {U'ı', "i"}};

// Of valid UTF-8.
std::string normalized(std::string_view text, GNormalizeMode mode) {
  const std::unique_ptr<gchar, decltype(&g_free)> result(g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), mode), &g_free);
  return result ? result.get() : "";
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string_view plain_letters(char32_t letter) {
  const auto* found = std::ranges::find(kPlain, letter, &PlainLetters::letter);
  return found == std::end(kPlain) ? "" : found->plain;
}

namespace {

std::string without_accents(const std::string& word) {
  if (is_ascii(word)) return word;
  const std::string decomposed = normalized(word, G_NORMALIZE_ALL);
  std::string plain;
  for (std::string_view rest = decomposed; !rest.empty();) {
    const char32_t c = text::take_code_point(rest);
    if (const auto letters = plain_letters(c); !letters.empty()) {
      plain += letters;
    } else if (!g_unichar_ismark(c)) {
      text::append_utf8(plain, c);
    }
  }
  return plain;
}

// Whether this e stands for the dots of an umlaut.
bool is_umlaut(char vowel, char c) {
  return c == 'e' && (vowel == 'a' || vowel == 'o' || vowel == 'u');
}

std::string folded(const std::string& word) {
  std::string result;
  for (const char c : without_accents(word)) {
    if (result.empty() || !is_umlaut(result.back(), c)) result += c;
  }
  return result;
}

constexpr bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'\u2019' || c == U'\u02BC';
}

// Of what follows an apostrophe, the s of "Grieg's" goes.
void pass_over_genitive(std::string_view& rest) {
  if (!rest.starts_with('s') && !rest.starts_with('S')) return;
  std::string_view after = rest.substr(1);
  const bool ends_word = after.empty() || !g_unichar_isalnum(text::take_code_point(after));
  if (ends_word) rest.remove_prefix(1);
}

}  // namespace

std::vector<Word> words_of(std::string_view text) {
  std::string storage;
  const std::string composed = normalized(text::valid_utf8(text, storage), G_NORMALIZE_ALL_COMPOSE);
  std::vector<Word> words;
  bool in_word = false, after_letter = false;
  for (std::string_view rest = composed; !rest.empty();) {
    const char32_t c = text::take_code_point(rest);
    const bool is_digit = g_unichar_isdigit(c);
    const bool is_mark = g_unichar_ismark(c) && in_word;
    if (!g_unichar_isalnum(c) && !is_mark) {
      if (in_word && is_apostrophe(c)) pass_over_genitive(rest);
      in_word = false;
      continue;
    }
    if (!in_word || (is_digit && after_letter)) words.emplace_back();
    in_word = true;
    after_letter = !is_digit;
    text::append_utf8(words.back().text, g_unichar_tolower(c));
  }
  for (Word& word : words) word.folded = folded(word.text);
  return words;
}

std::string without_plural(std::string folded) {
  constexpr std::size_t kShortest = 4;  // "is", "les", "bass"
  if (folded.size() >= kShortest && folded.ends_with('s') && !folded.ends_with("ss")) folded.pop_back();
  return folded;
}

}  // namespace midillama::works
