#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/regex.h"

#include "midillama/core/error.h"

#include <fmt/format.h>
#include <pcre2.h>

namespace midillama::text {
namespace {

// What Unicode 15 and 16 added to \p{L}, \p{N} and \p{P}. PCRE2 10.42 knows Unicode 14; a later one knows part of these itself.
constexpr std::string_view kNewLetters =
    R"(\x{1C89}-\x{1C8A}\x{A7CB}-\x{A7CD}\x{A7DA}-\x{A7DC}\x{105C0}-\x{105F3}\x{10D4A}-\x{10D65}\x{10D6F}-\x{10D85}\x{10EC2}-\x{10EC4})"
    R"(\x{1123F}-\x{11240}\x{11380}-\x{11389}\x{1138B}\x{1138E}\x{11390}-\x{113B5}\x{113B7}\x{113D1}\x{113D3}\x{11BC0}-\x{11BE0}\x{11F02})"
    R"(\x{11F04}-\x{11F10}\x{11F12}-\x{11F33}\x{1342F}\x{13441}-\x{13446}\x{13460}-\x{143FA}\x{16100}-\x{1611D}\x{16D40}-\x{16D6C}\x{18CFF})"
    R"(\x{1B132}\x{1B155}\x{1DF25}-\x{1DF2A}\x{1E030}-\x{1E06D}\x{1E4D0}-\x{1E4EB}\x{1E5D0}-\x{1E5ED}\x{1E5F0}\x{2B739}\x{2EBF0}-\x{2EE5D})"
    R"(\x{31350}-\x{323AF})";
constexpr std::string_view kNewNumbers =
    R"(\x{10D40}-\x{10D49}\x{116D0}-\x{116E3}\x{11BF0}-\x{11BF9}\x{11F50}-\x{11F59}\x{16130}-\x{16139}\x{16D70}-\x{16D79}\x{1CCF0}-\x{1CCF9})"
    R"(\x{1D2C0}-\x{1D2D3}\x{1E4F0}-\x{1E4F9}\x{1E5F1}-\x{1E5FA})";
constexpr std::string_view kNewPunctuation =
    R"(\x{1B4E}-\x{1B4F}\x{1B7F}\x{10D6E}\x{113D4}-\x{113D5}\x{113D7}-\x{113D8}\x{11B00}-\x{11B09}\x{11BE1}\x{11F43}-\x{11F4F})"
    R"(\x{16D6D}-\x{16D6F}\x{1E5FF})";
// White_Space; PCRE2's own \s has U+180E in addition.
constexpr std::string_view kSpaces = R"(\x09-\x0D\x20\x85\xA0\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";

// What replaces the escape at the start of `pattern` inside brackets, and the escape's length; nothing where PCRE2's own meaning is
// right.
std::optional<std::pair<std::string, std::size_t>> spelled_out(std::string_view pattern) {
  if (pattern.starts_with(R"(\p{L})")) return std::pair(fmt::format(R"(\p{{L}}{})", kNewLetters), 5);
  if (pattern.starts_with(R"(\p{N})")) return std::pair(fmt::format(R"(\p{{N}}{})", kNewNumbers), 5);
  if (pattern.starts_with(R"(\p{P})")) return std::pair(fmt::format(R"(\p{{P}}{})", kNewPunctuation), 5);
  if (pattern.starts_with(R"(\s)")) return std::pair(std::string(kSpaces), 2);
  return std::nullopt;
}

std::string with_unicode_16(std::string_view pattern) {
  std::string out;
  bool in_brackets = false;
  while (!pattern.empty()) {
    if (const auto spelled = spelled_out(pattern)) {
      out += in_brackets ? spelled->first : "[" + spelled->first + "]";
      pattern.remove_prefix(spelled->second);
      continue;
    }
    if (!in_brackets && pattern.starts_with(R"(\S)")) {
      out += fmt::format("[^{}]", kSpaces);
      pattern.remove_prefix(2);
      continue;
    }
    const std::size_t length = pattern.front() == '\\' && pattern.size() > 1 ? 2 : 1;
    if (length == 1 && pattern.front() == '[') in_brackets = true;
    if (length == 1 && pattern.front() == ']') in_brackets = false;
    out += pattern.substr(0, length);
    pattern.remove_prefix(length);
  }
  return out;
}

std::string message_of(int error) {
  PCRE2_UCHAR buffer[256] = {};
  pcre2_get_error_message(error, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

PCRE2_SPTR code_units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

}  // namespace

Regex::Scratch::Scratch() : data_(pcre2_match_data_create(1, nullptr)) {
  if (!data_) throw std::bad_alloc();
}

void Regex::Scratch::Free::operator()(pcre2_match_data* data) const {
  pcre2_match_data_free(data);
}
void Regex::Free::operator()(pcre2_code* code) const {
  pcre2_code_free(code);
}

Regex::Regex(std::string_view pattern) {
  const std::string spelled = with_unicode_16(pattern);
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_.reset(pcre2_compile(code_units(spelled), spelled.size(), PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
  if (!code_)
    throw Error(
        fmt::format("the regular expression {} is not understood at byte {} of {} ({})", pattern, offset, spelled, message_of(error)));
  compiled_to_machine_code_ = pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE) == 0;
}

std::optional<std::pair<std::size_t, std::size_t>> Regex::find(std::string_view text, std::size_t from, Scratch& scratch) const {
  pcre2_match_data* data = scratch.data_.get();
  int count = PCRE2_ERROR_JIT_STACKLIMIT;
  if (compiled_to_machine_code_)
    count = pcre2_jit_match(code_.get(), code_units(text), text.size(), from, PCRE2_NO_UTF_CHECK, data, nullptr);
  if (count == PCRE2_ERROR_JIT_STACKLIMIT) {
    count = pcre2_match(code_.get(), code_units(text), text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, nullptr);
  }
  if (count == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (count < 0)
    throw Error(fmt::format("a text of {} bytes cannot be cut by the tokenizer's regular expression ({})", text.size(), message_of(count)));
  const PCRE2_SIZE* place = pcre2_get_ovector_pointer(data);
  return std::pair(place[0], place[1]);
}

std::string literal_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c))) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace midillama::text
