#include "midillama/works/page_text.h"

#include "midillama/text/utf8.h"
#include "midillama/works/words.h"

#include <glib.h>

namespace midillama::works {
namespace {

// Calls `use` with each line, until it returns false.
template <typename Use>
void for_each_line_of(std::string_view text, Use&& use) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (!use(text.substr(0, end))) return;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

bool is_heading(std::string_view line) {
  line = text::strip(line);
  return line.size() > 4 && line.starts_with("==") && line.ends_with("==");
}

// The first so many characters of valid UTF-8.
std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (!text::is_continuation(text[end]) && count-- == 0) break;
  }
  return text.substr(0, end);
}

constexpr std::size_t kLongestAbbreviation = 2;  // letters: "Op.", "No.", "St."

std::string_view after_last(std::string_view text, const char* characters) {
  const auto last = text.find_last_of(characters);
  return last == std::string_view::npos ? text : text.substr(last + 1);
}

// Whether a sentence ends at a mark that has this before it and after it.
bool is_end_of_sentence(std::string_view before, std::string_view after) {
  if (after.empty()) return true;
  if (!text::is_space(text::take_code_point(after))) return false;
  const auto words = words_of(after_last(before, " \n"));
  if (!words.empty() && text::count_characters(words.back().text) <= kLongestAbbreviation) return false;
  after = text::strip(after);
  if (after.empty()) return true;
  const char32_t next = text::take_code_point(after);
  return !g_unichar_isdigit(next) && !g_unichar_islower(next);
}

// Whether what a colon has before it on its line says what the rest of the line is.
bool is_label(std::string_view before, std::string_view after, std::string_view title) {
  before = text::strip(after_last(before, "\n"));
  const bool goes_on = !text::strip(after.substr(0, after.find('\n'))).empty();
  return goes_on && (before == title || before.find(' ') == std::string_view::npos);
}

}  // namespace

std::string_view first_sentence_of(std::string_view opening, std::string_view title) {
  std::size_t brackets = 0;
  for (std::string_view rest = opening; !rest.empty();) {
    const std::string_view before = opening.substr(0, opening.size() - rest.size());
    const char32_t c = text::take_code_point(rest);
    const std::string_view with_mark = opening.substr(0, opening.size() - rest.size());
    if (c == U'(' || c == U'[') ++brackets;
    if ((c == U')' || c == U']') && brackets > 0) --brackets;
    if (brackets > 0) continue;
    const bool begins_list = c == U'\n' && (rest.starts_with("*") || rest.starts_with("-") || rest.starts_with("•"));
    const bool is_end = begins_list || c == U'。' || ((c == U'.' || c == U'!' || c == U'?') && is_end_of_sentence(before, rest)) ||
                        (c == U':' && !is_label(before, rest, title));
    if (is_end) return begins_list ? before : with_mark;
  }
  return opening;
}

std::string opening_of(std::string_view text) {
  std::string opening;
  for_each_line_of(text, [&](std::string_view line) {
    if (is_heading(line)) return opening.empty();
    if (const std::string_view words = text::strip(line); !words.empty()) opening.append(words).append("\n");
    return opening.size() < 4 * kLongestOpening;
  });
  return std::string(text::strip(first_characters(opening, kLongestOpening)));
}

std::string tidy_text(std::string_view text) {
  std::string storage, tidy;
  std::size_t empty_lines = 0;
  for_each_line_of(text::valid_utf8(text, storage), [&](std::string_view line) {
    line = text::rstrip(line);
    if (line.empty()) {
      ++empty_lines;
    } else {
      if (!tidy.empty()) tidy += empty_lines > 0 ? "\n\n" : "\n";
      tidy += tidy.empty() ? text::strip(line) : line;
      empty_lines = 0;
    }
    return true;
  });
  return tidy;
}

std::string cut_text(std::string_view text, std::size_t characters) {
  const std::string_view first = first_characters(text, characters);
  if (first.size() == text.size()) return std::string(text);
  for (const char end : {'\n', ' '}) {
    const std::string_view whole = text::rstrip(first.substr(0, first.rfind(end) == std::string_view::npos ? 0 : first.rfind(end)));
    if (!whole.empty()) return std::string(whole);
  }
  return std::string(first);
}

}  // namespace midillama::works
