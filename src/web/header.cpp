#include "web/header.h"

#include "midillama/core/ascii.h"

#include <algorithm>

namespace midillama::web {
namespace {

bool is_token_character(char c) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return ('0' <= c && c <= '9') || ('a' <= lower_ascii(c) && lower_ascii(c) <= 'z') || kSigns.find(c) != std::string_view::npos;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

}  // namespace

std::string flaw_of_header(std::string_view header) {
  for (bool is_first = true; !header.empty(); is_first = false) {
    const auto end = header.find('\n');
    if (end == std::string_view::npos || end == 0 || header[end - 1] != '\r') return "a line of the header does not end with CR and LF";
    const std::string_view line = header.substr(0, end - 1);
    header.remove_prefix(end + 1);
    if (std::ranges::any_of(line, is_control)) return "the header has control characters";
    if (is_first || line.empty()) continue;
    const std::string_view name = line.substr(0, std::min(line.find(':'), line.size()));
    if (name.empty() || name.size() == line.size() || !std::ranges::all_of(name, is_token_character))
      return "a line of the header is not \"Name: value\"";
  }
  return "";
}

std::string path_of_target(const std::string& target, const std::string& host) {
  constexpr std::string_view kScheme = "http://";
  if (lower_ascii(std::string_view(target).substr(0, kScheme.size())) != kScheme) return target;
  const auto path = std::min(target.find('/', kScheme.size()), target.size());
  if (lower_ascii(std::string_view(target).substr(kScheme.size(), path - kScheme.size())) != lower_ascii(host)) return target;
  return path == target.size() ? "/" : target.substr(path);
}

}  // namespace midillama::web
