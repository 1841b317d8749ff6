#include "grammar/formats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace midillama::grammar {
namespace {

// RFC 3339, the years 0001 to 9999, without leap seconds.
const std::string kFours = "(0[48]|[2468][048]|[13579][26])";  // from 04 to 96
const std::string kDate =
    "((\\d{3}[1-9]|\\d\\d[1-9]0|\\d[1-9]00|[1-9]000)-"
    "((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))"
    "|(\\d\\d" +
    kFours + "|" + kFours + "00)-02-29)";
const std::string kTime = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";

// RFC 3339, appendix A, without years, months and fractions, of which readers differ.
const std::string kSeconds = "\\d{1,5}S", kMinutes = "\\d{1,5}M(" + kSeconds + ")?";
const std::string kDayTime = "T(\\d{1,5}H(" + kMinutes + ")?|" + kMinutes + "|" + kSeconds + ")";
const std::string kDuration = "P(\\d{1,5}D(" + kDayTime + ")?|" + kDayTime + "|\\d{1,4}W)";

// RFC 1123: labels without two hyphens beside each other, the last one begins with a letter.
const std::string kLabel = "[A-Za-z0-9](-?[A-Za-z0-9]){0,30}";
const std::string kTopLabel = "[A-Za-z](-?[A-Za-z0-9]){1,15}";
const std::string kHost = "(" + kLabel + "\\.){0,3}" + kTopLabel;

// RFC 5321: a local part without quotes at a domain of two labels or more.
const std::string kEmail = "[A-Za-z0-9_+-]{1,32}(\\.[A-Za-z0-9_+-]{1,10}){0,2}@(" + kLabel + "\\.){1,3}[A-Za-z]{2,10}";

const std::string kByte = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const std::string kIpv4 = "(" + kByte + "\\.){3}" + kByte;

// RFC 4291, without an IPv4 address in it.
std::string ipv6() {
  const std::string part = "[0-9A-Fa-f]{1,4}";
  std::string pattern = fmt::format("(({0}:){{7}}{0}", part);
  for (int before = 0; before <= 7; ++before) {  // parts before "::", and as many after it as leave one out
    const std::string first = before == 0 ? ":" : fmt::format("({}:){{{}}}", part, before);
    const std::string rest = before == 7 ? "" : fmt::format("({0}(:{0}){{0,{1}}})?", part, 6 - before);
    pattern += "|" + first + ":" + rest;
  }
  return pattern + ")";
}

// RFC 3986: http and https, and a host that is no number.
const std::string kHostOfUri = "([A-Za-z0-9](-?[A-Za-z0-9])*\\.)*[A-Za-z](-?[A-Za-z0-9])*";
const std::string kPathCharacter = "([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const std::string kUri = "https?://" + kHostOfUri + "(:[1-9]\\d{0,3})?(/" + kPathCharacter + "*)*(\\?(" + kPathCharacter + "|[/?])*)?(#(" +
                         kPathCharacter + "|[/?])*)?";

const std::map<std::string, std::string, std::less<>>& formats() {
  static const std::map<std::string, std::string, std::less<>> formats = {
      {"date", kDate},
      {"time", kTime},
      {"date-time", kDate + "T" + kTime},
      {"duration", kDuration},
      {"email", kEmail},
      {"hostname", kHost},
      {"ipv4", kIpv4},
      {"ipv6", ipv6()},
      {"uri", kUri},
      {"uuid", "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"},
  };
  return formats;
}

// Which tell programs what to do with a text, not what is in it.
constexpr std::array kOfAnyText = {"password", "binary", "path", "file-path", "directory-path"};

}  // namespace

std::optional<std::string> pattern_of_format(std::string_view format) {
  if (std::ranges::find(kOfAnyText, format) != kOfAnyText.end()) return "";
  const auto found = formats().find(format);
  return found == formats().end() ? std::nullopt : std::optional("^" + found->second + "$");
}

std::string known_formats() {
  std::vector<std::string> names;
  for (const auto& [name, pattern] : formats()) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace midillama::grammar
