#include "midillama/works/evidence.h"

#include "midillama/text/utf8.h"

#include <algorithm>

namespace midillama::works {
namespace {

constexpr std::size_t kFewestWords = 3;

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
      return U'"';
    case U'\u2010':
    case U'\u2011':
    case U'\u2012':
    case U'\u2013':
    case U'\u2014':
    case U'\u2212':
      return U'-';
    default:
      return c;
  }
}

bool is_word_byte(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9');
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

std::string folded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const char32_t c = folded(text::take_code_point(text));
    if (c == 0 || (c == U' ' && (result.empty() || result.back() == ' '))) continue;
    text::append_utf8(result, c);
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

bool has_quote(std::string_view folded_text, std::string_view quote) {
  const std::string whole = folded(quote);
  const std::string_view wanted = without_marks_around(whole);
  if (static_cast<std::size_t>(std::ranges::count(wanted, ' ')) + 1 < kFewestWords) return false;
  for (auto at = folded_text.find(wanted); at != std::string_view::npos; at = folded_text.find(wanted, at + 1)) {
    const std::size_t end = at + wanted.size();
    const bool begins = at == 0 || !is_word_byte(folded_text[at - 1]) || !is_word_byte(wanted.front());
    const bool ends = end == folded_text.size() || !is_word_byte(folded_text[end]) || !is_word_byte(wanted.back());
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace midillama::works
