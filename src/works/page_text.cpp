#include "midillama/works/page_text.h"

#include "midillama/text/utf8.h"

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

}  // namespace

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
