#include "metrics/unicode.h"

#include "metrics/unicode_tables.h"
#include "midillama/text/utf8.h"

#include <algorithm>

namespace midillama::metrics {
namespace {

using text::append_utf8;
using text::take_code_point;

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kSigma = 0x3C3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kCapitalIWithDot = 0x130;

// The row whose range holds `c`, or nullptr.
template <typename Row>
const Row* find(std::span<const Row> rows, char32_t c) {
  const auto row = std::ranges::lower_bound(rows, c, {}, &Row::last);
  return row != rows.end() && row->first <= c ? &*row : nullptr;
}

char32_t simple_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  const LowerRun* run = find(lower_runs(), c);
  return run && (c - run->first) % run->stride == 0 ? c + static_cast<char32_t>(run->delta) : c;
}

bool starts_with_cased(std::string_view text) {
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    if (!find(case_ignorable_ranges(), c)) return find(cased_ranges(), c) != nullptr;
  }
  return false;
}

bool ends_with_cased(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && text::is_continuation(text[last])) --last;
    std::string_view character = text.substr(last);
    const char32_t c = take_code_point(character);
    if (!find(case_ignorable_ranges(), c)) return find(cased_ranges(), c) != nullptr;
    text = text.substr(0, last);
  }
  return false;
}

}  // namespace

bool is_word(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  return find(word_ranges(), c) != nullptr;
}

bool is_regex_space(char32_t c) {
  return text::is_space(c) && (c < 0x1C || c > 0x1F);
}

void lower(std::string_view text, std::string& lowered) {
  lowered.clear();
  lowered.reserve(text.size());
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view before = text.substr(0, text.size() - rest.size());
    const char32_t c = take_code_point(rest);
    if (c == kCapitalSigma) {
      append_utf8(lowered, ends_with_cased(before) && !starts_with_cased(rest) ? kFinalSigma : kSigma);
    } else if (c == kCapitalIWithDot) {
      lowered += "i\xcc\x87";
    } else {
      append_utf8(lowered, simple_lower(c));
    }
  }
}

}  // namespace midillama::metrics
