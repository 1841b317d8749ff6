#include "midillama/records/stated_value.h"

#include "midillama/records/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <functional>

namespace midillama::records {
namespace {

// Is given one value after the other; true where that is enough.
using TakeValue = std::function<bool(std::string value)>;

struct Word {
  std::string text;  // lower case
  bool capital = false;
};

// The text's words; '#' and the sharp and flat signs are words of their own, "Bb" parts into "b" and "flat".
std::vector<Word> words_of(std::string_view text) {
  std::string spaced;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto rest = text.substr(i);
    if (text[i] == '#') {
      spaced += " sharp ";
    } else if (rest.substr(0, 3) == "\xe2\x99\xaf") {
      spaced += " sharp ";
      i += 2;
    } else if (rest.substr(0, 3) == "\xe2\x99\xad") {
      spaced += " flat ";
      i += 2;
    } else {
      spaced += std::isalnum(static_cast<unsigned char>(text[i])) ? text[i] : ' ';
    }
  }
  std::vector<Word> words;
  for (std::size_t begin = spaced.find_first_not_of(' '); begin != std::string::npos; begin = spaced.find_first_not_of(' ', begin)) {
    const auto end = std::min(spaced.find(' ', begin), spaced.size());
    const auto word = spaced.substr(begin, end - begin);
    const bool flat = word.size() == 2 && word[1] == 'b' && std::string_view("ABCDEFGabcdefg").find(word[0]) != std::string_view::npos;
    words.push_back({plain_words(flat ? word.substr(0, 1) : word), std::isupper(static_cast<unsigned char>(word[0])) != 0});
    if (flat) words.push_back({"flat", false});
    begin = end;
  }
  return words;
}

std::string_view mode_of_word(std::string_view word) {
  struct Mode {
    std::string_view words;
    std::string_view value;
  };
  static constexpr std::array<Mode, 11> kModes = {{{"major", "major"},
                                                   {"maj", "major"},
                                                   {"ionian", "major"},
                                                   {"minor", "minor"},
                                                   {"min", "minor"},
                                                   {"aeolian", "minor"},
                                                   {"dorian", "dorian"},
                                                   {"mixolydian", "mixolydian"},
                                                   {"phrygian", "phrygian"},
                                                   {"lydian", "lydian"},
                                                   {"locrian", "locrian"}}};
  for (const auto& mode : kModes) {
    if (mode.words == word) return mode.value;
  }
  return "";
}

// "in a minor key" names no tonic.
bool is_article(const Word& letter, std::string_view following) {
  static constexpr std::array<std::string_view, 6> kNouns = {"key", "mode", "scale", "tonality", "chord", "third"};
  return letter.text == "a" && !letter.capital && std::find(kNouns.begin(), kNouns.end(), following) != kNouns.end();
}

void find_keys(std::string_view text, const TakeValue& take) {
  const auto words = words_of(text);
  const auto word = [&](std::size_t i) { return i < words.size() ? std::string_view(words[i].text) : std::string_view(); };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].text.size() != 1 || words[i].text[0] < 'a' || words[i].text[0] > 'g') continue;
    const char accidental = word(i + 1) == "sharp" ? '#' : word(i + 1) == "flat" ? 'b' : ' ';
    const auto mode_at = accidental == ' ' ? i + 1 : i + 2;
    const auto mode = mode_of_word(word(mode_at));
    if (mode.empty() || is_article(words[i], word(mode_at + 1))) continue;
    if (take(tonic_name(static_cast<char>(std::toupper(words[i].text[0])), accidental) + " " + std::string(mode))) return;
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A fraction with a power of two below: "6/8".
std::optional<std::string> fraction_at(std::string_view text, std::size_t slash) {
  auto begin = slash;
  while (begin > 0 && is_digit(text[begin - 1])) --begin;
  auto end = slash + 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  const auto below = text.substr(slash + 1, end - slash - 1);
  static constexpr std::array<std::string_view, 7> kUnits = {"1", "2", "4", "8", "16", "32", "64"};
  const auto is_part_of_more = [&](std::size_t at) { return at < text.size() && (text[at] == '+' || text[at] == '/'); };
  if (is_part_of_more(end) || (begin > 0 && is_part_of_more(begin - 1))) return std::nullopt;
  const bool valid = begin < slash && slash - begin <= 3 && std::find(kUnits.begin(), kUnits.end(), below) != kUnits.end();
  if (!valid) return std::nullopt;
  return std::string(text.substr(begin, end - begin));
}

void find_meters(std::string_view text, const TakeValue& take) {
  std::string compact;  // "6 / 8" is "6/8"
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto next = text.find_first_not_of(' ', i);
    const bool beside_slash =
        text[i] == ' ' && ((next != std::string_view::npos && text[next] == '/') || (!compact.empty() && compact.back() == '/'));
    if (!beside_slash) compact += text[i];
  }
  for (auto slash = compact.find('/'); slash != std::string::npos; slash = compact.find('/', slash + 1)) {
    if (auto meter = fraction_at(compact, slash); meter && take(std::move(*meter))) return;
  }
  const auto words = plain_words(text);
  if (contains_words(words, "common time") && take("4/4")) return;
  if (contains_words(words, "cut time") || contains_words(words, "alla breve")) take("2/2");
}

// Does the phrase, or its plural, stand at this word?
bool phrase_at(std::string_view text, std::size_t at, std::string_view phrase) {
  if (text.substr(at, phrase.size()) != phrase) return false;
  auto rest = text.substr(at + phrase.size());
  for (const std::string_view plural : {"es", "s"}) {
    if (rest.substr(0, plural.size()) == plural && (rest.size() == plural.size() || rest[plural.size()] == ' ')) return true;
  }
  return rest.empty() || rest.front() == ' ';
}

// "New England" and "South America" are no England and no America.
bool begins_a_longer_name(const PlainWord& word) {
  static constexpr std::array<std::string_view, 13> kParts = {"new",      "nova",    "north",   "south",   "east",  "west", "northern",
                                                              "southern", "eastern", "western", "central", "latin", "upper"};
  return word.capital && std::ranges::find(kParts, word.text) != kParts.end();
}

// The longest of those that begin at a word; what it covers states no other.
void find_phrases(std::string_view text, const std::vector<Alias>& aliases, const TakeValue& take) {
  const auto words = words_in(text);
  const std::string joined = plain_words(words);
  std::size_t at = 0, end_of_last = 0;
  for (std::size_t i = 0; i < words.size(); at += words[i].text.size() + 1, ++i) {
    if (at < end_of_last) continue;
    const Alias* longest = nullptr;
    for (const auto& alias : aliases) {
      if (phrase_at(joined, at, alias.words) && (longest == nullptr || alias.words.size() > longest->words.size())) longest = &alias;
    }
    if (longest == nullptr) continue;
    const auto value = words_in(longest->value);  // none where an alias alone has words, which is a mistake of the tag file
    const bool is_name = !value.empty() && value.front().capital;
    if (is_name && i > 0 && begins_a_longer_name(words[i - 1])) continue;
    if (take(longest->value)) return;
    end_of_last = at + longest->words.size();
  }
}

// "1,200" is 1200.
std::optional<double> take_number(std::string_view& text) {
  std::string digits;
  std::size_t length = 0;
  for (; length < text.size(); ++length) {
    const char c = text[length];
    const bool before_digit = length + 1 < text.size() && is_digit(text[length + 1]);
    if (is_digit(c) || (c == '.' && before_digit && digits.find('.') == std::string::npos)) {
      digits += c;
    } else if (c != ',' || !before_digit || length == 0) {
      break;
    }
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  text.remove_prefix(std::max<std::size_t>(length, 1));
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// Numbers that one of the tag's units follows; any number where it has no unit.
void find_numbers(const Tag& tag, std::string_view text, const TakeValue& take) {
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) continue;
    const auto following = plain_words(text.substr(0, 80));
    const bool measured = tag.units.empty() || std::ranges::any_of(tag.units, [&](const std::string& unit) {
                            return is_word_at(following, 0, plain_words(unit));
                          });
    if (measured && take(fmt::format("{}", *number))) return;
  }
}

void find_values(const Tag& tag, std::string_view text, const TakeValue& take) {
  if (tag.kind == "closed") find_phrases(text, tag.phrases, take);
  if (tag.kind == "key") find_keys(text, take);
  if (tag.kind == "meter") find_meters(text, take);
  if (tag.kind == "number") find_numbers(tag, text, take);
}

}  // namespace

std::optional<std::string> stated_value(const Tag& tag, std::string_view text) {
  std::optional<std::string> first;
  find_values(tag, text, [&](std::string value) {
    first = std::move(value);
    return true;
  });
  return first;
}

std::vector<std::string> stated_values(const Tag& tag, std::string_view text) {
  std::vector<std::string> values;
  find_values(tag, text, [&](std::string value) {
    values.push_back(std::move(value));
    return false;
  });
  return values;
}

bool same_value(const Tag& tag, const std::string& value, const std::string& truth) {
  if (value == truth) return true;
  if (tag.kind != "number") return false;
  std::string_view one = value, other = truth;
  const auto a = take_number(one), b = take_number(other);
  return a && b && std::abs(*a - *b) <= tag.tolerance * std::abs(*b);
}

}  // namespace midillama::records
