#include "midillama/net/url.h"

#include "midillama/core/ascii.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::net {
namespace {

constexpr bool is_unreserved(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string with_query(const std::string& url, std::span<const Parameter> parameters) {
  std::string result = url;
  char before = '?';
  for (const auto& [name, value] : parameters) {
    result += before + percent_encoded(name) + "=" + percent_encoded(value);
    before = '&';
  }
  return result;
}

std::string target_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = url.find_first_of("/?#", scheme == std::string::npos ? 0 : scheme + 3);
  if (begin == std::string::npos || url[begin] == '#') return "/";
  const std::string target = url.substr(begin, url.find('#', begin) - begin);
  return target.front() == '/' ? target : "/" + target;
}

bool may_redirect(const std::string& from, const std::string& to) {
  const auto has_scheme = [](const std::string& url, std::string_view scheme) {
    return lower_ascii(url.substr(0, scheme.size())) == scheme;
  };
  return has_scheme(to, "https://") || (has_scheme(to, "http://") && has_scheme(from, "http://"));
}

}  // namespace midillama::net
