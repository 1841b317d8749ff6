#include "midillama/works/evidence.h"

#include "midillama/text/utf8.h"

#include <glib.h>

namespace midillama::works {
namespace {

constexpr std::size_t kFewestWords = 3;
constexpr std::size_t kLettersOfAWord = 2;  // in scripts without spaces

// What stands for a character; 0 where nothing does.
char32_t folded(char32_t c) {
  if (text::is_space(c)) return U' ';
  switch (c) {
    case U'\u00AD':  // soft hyphen
    case U'\u200B':  // zero width space
    case U'\uFEFF':
      return 0;
    case U'\u2018':
    case U'\u2019':
    case U'\u201A':
    case U'\u201B':
    case U'\u2032':
    case U'\u2039':
    case U'\u203A':
    case U'`':
    case U'\u00B4':
      return U'\'';
    case U'\u201C':
    case U'\u201D':
    case U'\u201E':
    case U'\u201F':
    case U'\u2033':
    case U'\u00AB':
    case U'\u00BB':
    case U'\u300C':  // corner brackets
    case U'\u300D':
    case U'\u300E':
    case U'\u300F':
    case U'\uFF02':  // full width
      return U'"';
    case U'\u2010':
    case U'\u2011':
    case U'\u2012':
    case U'\u2013':
    case U'\u2014':
    case U'\u2212':
      return U'-';
    case U'\u3002':  // ideographic
    case U'\uFF0E':  // full width
    case U'\uFF61':  // half width
      return U'.';
    default:
      return c;
  }
}

// Whether `c` is a letter of a script that puts no spaces between words.
bool is_unspaced(char32_t c) {
  switch (g_unichar_get_script(c)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
      return g_unichar_isalpha(c);
    default:
      return false;
  }
}

// Whether a word may end, or begin, between two characters.
bool is_border(char32_t before, char32_t after) {
  if (g_unichar_ismark(after)) return false;
  const auto joins = [](char32_t c) { return (g_unichar_isalnum(c) || g_unichar_ismark(c)) && !is_unspaced(c); };
  return !joins(before) || !joins(after);
}

// Of folded text that is not empty.
char32_t first_of(std::string_view text) {
  return text::take_code_point(text);
}

char32_t last_of(std::string_view text) {
  std::size_t last = text.size() - 1;
  while (text::is_continuation(text[last])) --last;
  return first_of(text.substr(last));
}

bool is_border(std::string_view text, std::size_t at) {
  return at == 0 || at == text.size() || is_border(last_of(text.substr(0, at)), first_of(text.substr(at)));
}

bool has_enough_words(std::string_view text) {
  std::size_t words = 0, unspaced = 0;
  for (char32_t before = U' '; !text.empty();) {
    const char32_t c = text::take_code_point(text);
    if (is_unspaced(c)) {
      ++unspaced;
    } else if (before == U' ' && c != U' ') {
      ++words;
    }
    before = c;
  }
  return words + unspaced / kLettersOfAWord >= kFewestWords;
}

std::string_view without_marks_around(std::string_view quote) {
  constexpr std::string_view kEllipsis = "…";
  for (;;) {
    if (quote.starts_with(kEllipsis)) {
      quote.remove_prefix(kEllipsis.size());
    } else if (quote.ends_with(kEllipsis)) {
      quote.remove_suffix(kEllipsis.size());
    } else if (!quote.empty() && std::string_view(" .\"'").find(quote.front()) != std::string_view::npos) {
      quote.remove_prefix(1);
    } else if (!quote.empty() && std::string_view(" .\"'").find(quote.back()) != std::string_view::npos) {
      quote.remove_suffix(1);
    } else {
      return quote;
    }
  }
}

}  // namespace

FoldedText::FoldedText(std::string_view text) {
  folded_.reserve(text.size());
  from_.reserve(text.size() + 1);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t begin = text.size() - rest.size();
    const char32_t c = folded(text::take_code_point(rest));
    if (c == 0 || (c == U' ' && (folded_.empty() || folded_.back() == ' '))) continue;
    text::append_utf8(folded_, c);
    from_.resize(folded_.size(), begin);
  }
  if (folded_.ends_with(' ')) {
    folded_.pop_back();
  } else {
    from_.push_back(text.size());
  }
}

std::optional<Place> FoldedText::find(std::string_view quote) const {
  const FoldedText whole(quote);
  const std::string_view wanted = without_marks_around(whole.text());
  if (!has_enough_words(wanted)) return std::nullopt;
  for (auto at = folded_.find(wanted); at != std::string::npos; at = folded_.find(wanted, at + 1)) {
    const std::size_t end = at + wanted.size();
    if (is_border(folded_, at) && is_border(folded_, end)) return Place{from_[at], from_[end]};
  }
  return std::nullopt;
}

}  // namespace midillama::works
