#include "grammar/place.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

namespace midillama::grammar {
namespace {

constexpr std::size_t kLongestText = 200, kLongestPlace = 2000;  // bytes

}  // namespace

std::string shown(std::string_view text) {
  if (text.size() <= kLongestText) return std::string(text);
  std::size_t first = kLongestText / 2, last = text.size() - kLongestText / 2;
  while (text::is_continuation(text[first])) --first;
  while (last < text.size() && text::is_continuation(text[last])) ++last;
  return std::string(text.substr(0, first)) + "…" + std::string(text.substr(last));
}

std::string below(const std::string& place, std::string_view key) {
  if (place.size() > kLongestPlace) return place.ends_with("/…") ? place : place + "/…";
  std::string escaped;
  for (const char c : shown(key)) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return place + "/" + escaped;
}

std::string below(const std::string& place, std::size_t index) {
  return below(place, std::to_string(index));
}

void fail(const std::string& place, const std::string& what) {
  throw InputError("the schema", place, what);
}

}  // namespace midillama::grammar
