#include "midillama/net/robots.h"

#include "midillama/core/ascii.h"

#include <charconv>
#include <cmath>

namespace midillama::net {
namespace {

constexpr std::size_t kLongest = 500 << 10;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The name that a User-agent line begins with, in lower case: what follows it ("/1.0", " (a remark)") does not matter.
std::string product_in(std::string_view text) {
  const std::string small = lower_ascii(text);
  return small.substr(0, small.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_"));
}

// Calls use(name in lower case, value) with each line "Name: value".
template <typename Use>
void for_each_field(std::string_view text, Use&& use) {
  text = text.substr(0, kLongest);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = line.substr(0, line.find('#'));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) use(lower_ascii(std::string(trimmed(line.substr(0, colon)))), trimmed(line.substr(colon + 1)));
  }
}

std::optional<double> seconds_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

// Whether a pattern fits the beginning of `text`, all of it where the pattern ends in '$'. Each '*' takes as little as it can; where what
// follows does not fit there, the last one takes a character more.
bool fits(std::string_view pattern, std::string_view text) {
  const bool to_the_end = pattern.ends_with('$');
  if (to_the_end) pattern.remove_suffix(1);
  std::size_t at = 0, in_text = 0, after_star = std::string_view::npos, star_ends = 0;
  for (;;) {
    if (at == pattern.size() && (!to_the_end || in_text == text.size())) return true;
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      star_ends = in_text;
    } else if (at < pattern.size() && in_text < text.size() && pattern[at] == text[in_text]) {
      ++at, ++in_text;
    } else if (after_star != std::string_view::npos && star_ends < text.size()) {
      at = after_star;
      in_text = ++star_ends;
    } else {
      return false;
    }
  }
}

}  // namespace

Robots::Robots(std::string_view text, std::string_view agent) {
  const std::string name = product_in(agent);
  Robots for_all;
  bool is_named = false;    // by some group
  bool names_begin = true;  // a User-agent line now begins a group
  bool holds_for_agent = false, holds_for_all = false;
  const auto add = [&](const auto& change) {
    if (holds_for_agent) change(*this);
    if (holds_for_all) change(for_all);
  };
  for_each_field(text, [&](const std::string& field, std::string_view value) {
    if (field == "user-agent") {
      if (names_begin) holds_for_agent = holds_for_all = false;
      names_begin = false;
      holds_for_agent = holds_for_agent || product_in(value) == name;
      holds_for_all = holds_for_all || value == "*";
      is_named = is_named || holds_for_agent;
    } else if (field == "allow" || field == "disallow") {
      names_begin = true;
      if (!value.empty()) add([&](Robots& robots) { robots.rules_.push_back({std::string(value), field == "allow"}); });
    } else if (field == "crawl-delay") {
      names_begin = true;
      if (const auto seconds = seconds_in(value)) add([&](Robots& robots) { robots.crawl_delay_ = seconds; });
    }
  });
  if (!is_named) *this = for_all;
}

bool Robots::allows(std::string_view target) const {
  std::size_t longest = 0;
  bool allowed = true;
  for (const Rule& rule : rules_) {
    if (rule.pattern.size() < longest || !fits(rule.pattern, target)) continue;
    allowed = rule.pattern.size() > longest ? rule.allows : allowed || rule.allows;
    longest = rule.pattern.size();
  }
  return allowed;
}

}  // namespace midillama::net
