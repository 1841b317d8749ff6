#include "midillama/corpus/labels.h"

#include <array>
#include <cctype>
#include <charconv>

namespace midillama::corpus {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::string_view skip_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

// Takes a number from the front of `text`; nothing where there is none.
template <typename Number>
std::optional<Number> take_number(std::string_view& text) {
  text = skip_spaces(text);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, char c) {
  text = skip_spaces(text);
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

struct Fraction {
  int numerator;
  int denominator;
};

std::optional<Fraction> take_fraction(std::string_view& text) {
  const auto numerator = take_number<int>(text);
  if (!numerator || !take(text, '/')) return std::nullopt;
  const auto denominator = take_number<int>(text);
  if (!denominator || *numerator < 1 || *denominator < 1) return std::nullopt;
  return Fraction{*numerator, *denominator};
}

bool is_word_at(std::string_view text, std::size_t at, std::string_view words) {
  const auto end = at + words.size();
  return text.compare(at, words.size(), words) == 0 && (at == 0 || text[at - 1] == ' ') && (end >= text.size() || text[end] == ' ');
}

bool contains_words(std::string_view text, std::string_view words) {
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    if (is_word_at(text, at, words)) return true;
  }
  return false;
}

bool ends_with_words(std::string_view text, std::string_view words) {
  return text.size() >= words.size() && is_word_at(text, text.size() - words.size(), words);
}

// The value of the longest alias that `matches`.
template <typename Matches>
std::optional<std::string> longest_alias(const std::vector<Alias>& aliases, Matches&& matches) {
  const Alias* best = nullptr;
  for (const auto& alias : aliases) {
    if ((best == nullptr || alias.words.size() > best->words.size()) && matches(alias.words)) best = &alias;
  }
  if (best == nullptr) return std::nullopt;
  return std::string(best->value);
}

std::optional<std::string> with_meter(std::optional<std::string> dance, std::string_view meter) {
  if (dance != "jig" || meter.empty()) return dance;
  if (meter == "9/8") return "slip jig";
  if (meter == "12/8") return "slide";
  if (meter == "2/4" || meter == "2/2" || meter == "4/4") return "straight jig";
  return dance;
}

std::string_view mode_name(std::string_view word) {
  static constexpr std::array<Alias, 9> kModes = {{{"maj", "major"},
                                                   {"min", "minor"},
                                                   {"ion", "major"},
                                                   {"aeo", "minor"},
                                                   {"mix", "mixolydian"},
                                                   {"dor", "dorian"},
                                                   {"phr", "phrygian"},
                                                   {"lyd", "lydian"},
                                                   {"loc", "locrian"}}};
  if (word.empty()) return "major";
  if (word == "m") return "minor";
  for (const auto& mode : kModes) {
    if (word.substr(0, 3) == mode.words) return mode.value;
  }
  return "";
}

// A word that may stand behind the mode: a clef, a voice setting, or a comment.
bool is_setting(std::string_view word) {
  return word == "treble" || word == "treble8" || word == "bass" || word == "alto" || word == "tenor" || word.front() == '%' ||
         word.front() == '-' || word.front() == '+' || word.find('=') != std::string_view::npos;
}

}  // namespace

const std::vector<Alias>& dance_aliases() {
  static const std::vector<Alias> aliases = {{"reel", "reel"},
                                             {"jig", "jig"},
                                             {"double jig", "jig"},
                                             {"single jig", "jig"},
                                             {"slip jig", "slip jig"},
                                             {"slipjig", "slip jig"},
                                             {"hop jig", "slip jig"},
                                             {"straight jig", "straight jig"},
                                             {"slide", "slide"},
                                             {"hornpipe", "hornpipe"},
                                             {"strathspey", "strathspey"},
                                             {"clog", "clog"},
                                             {"highland fling", "highland fling"},
                                             {"fling", "highland fling"},
                                             {"polka", "polka"},
                                             {"waltz", "waltz"},
                                             {"minuet", "minuet"},
                                             {"gavotte", "gavotte"},
                                             {"gavot", "gavotte"},
                                             {"allemande", "allemande"},
                                             {"allemand", "allemande"},
                                             {"cotillion", "cotillion"},
                                             {"cotillon", "cotillion"},
                                             {"mazurka", "mazurka"},
                                             {"schottische", "schottische"},
                                             {"barndance", "barn dance"},
                                             {"barn dance", "barn dance"},
                                             {"walkaround", "walkaround"},
                                             {"walk around", "walkaround"}};
  return aliases;
}

const std::vector<Alias>& country_aliases() {
  static const std::vector<Alias> aliases = {{"ireland", "Ireland"},
                                             {"irish", "Ireland"},
                                             {"irland", "Ireland"},
                                             {"scotland", "Scotland"},
                                             {"scottish", "Scotland"},
                                             {"scots", "Scotland"},
                                             {"scotch", "Scotland"},
                                             {"schottland", "Scotland"},
                                             {"england", "England"},
                                             {"english", "England"},
                                             {"wales", "Wales"},
                                             {"welsh", "Wales"},
                                             {"united states", "United States"},
                                             {"usa", "United States"},
                                             {"america", "United States"},
                                             {"american", "United States"},
                                             {"canada", "Canada"},
                                             {"china", "China"},
                                             {"deutschland", "Germany"},
                                             {"germany", "Germany"},
                                             {"german", "Germany"},
                                             {"luxemburg", "Luxembourg"},
                                             {"luxembourg", "Luxembourg"},
                                             {"oesterreich", "Austria"},
                                             {"austria", "Austria"},
                                             {"schweiz", "Switzerland"},
                                             {"switzerland", "Switzerland"},
                                             {"lothringen", "France"},
                                             {"elsass", "France"},
                                             {"frankreich", "France"},
                                             {"france", "France"},
                                             {"french", "France"},
                                             {"niederlande", "Netherlands"},
                                             {"netherlands", "Netherlands"},
                                             {"ungarn", "Hungary"},
                                             {"hungary", "Hungary"},
                                             {"polen", "Poland"},
                                             {"poland", "Poland"},
                                             {"schweden", "Sweden"},
                                             {"sweden", "Sweden"},
                                             {"norway", "Norway"},
                                             {"denmark", "Denmark"},
                                             {"italy", "Italy"},
                                             {"spain", "Spain"}};
  return aliases;
}

std::string plain_words(std::string_view text) {
  std::string words;
  for (const char c : text) {
    if (c == '\'') continue;
    const bool part_of_word = std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
    if (part_of_word) {
      words += lower(c);
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  if (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

std::optional<std::string> dance_label(std::string_view rhythm, std::string_view meter) {
  const auto text = plain_words(rhythm);
  return with_meter(longest_alias(dance_aliases(), [&](auto words) { return contains_words(text, words); }), meter);
}

std::optional<std::string> dance_of_title(std::string_view title, std::string_view meter) {
  const auto text = plain_words(title);
  return with_meter(longest_alias(dance_aliases(), [&](auto words) { return ends_with_words(text, words); }), meter);
}

std::string tonic_name(char letter, char accidental) {
  std::string name(1, letter);
  if (accidental == '#') name += " sharp";
  if (accidental == 'b') name += " flat";
  return name;
}

std::optional<std::string> key_label(std::string_view field) {
  auto text = skip_spaces(field);
  if (text.empty() || text.front() < 'A' || text.front() > 'G') return std::nullopt;
  const char letter = text.front();
  text.remove_prefix(1);
  char accidental = ' ';
  if (!text.empty() && (text.front() == '#' || text.front() == 'b')) {
    accidental = text.front();
    text.remove_prefix(1);
  }
  text = skip_spaces(text);
  const auto word = text.substr(0, text.find_first_of(" \t%"));
  std::string mode_word;
  for (const char c : word) mode_word += lower(c);
  // Case is ignored but for the single letter: some write M for major, others for minor.
  if (word == "M") return std::nullopt;
  const auto mode = !word.empty() && is_setting(word) ? std::string_view("major") : mode_name(mode_word);
  if (mode.empty()) return std::nullopt;
  return tonic_name(letter, accidental) + " " + std::string(mode);
}

std::optional<std::string> meter_label(std::string_view field) {
  auto text = skip_spaces(field);
  if (!text.empty() && (text.front() == 'C' || text.front() == 'c')) {
    text.remove_prefix(1);
    const bool cut = take(text, '|');
    if (!skip_spaces(text).empty()) return std::nullopt;
    return cut ? "2/2" : "4/4";
  }
  const auto meter = take_fraction(text);
  if (!meter || !skip_spaces(text).empty() || meter->denominator > 64) return std::nullopt;
  return std::to_string(meter->numerator) + "/" + std::to_string(meter->denominator);
}

std::optional<double> beats_per_minute(std::string_view field) {
  auto text = skip_spaces(field);
  if (!take_fraction(text) || !take(text, '=')) return std::nullopt;
  const auto rate = take_number<double>(text);
  if (!rate || *rate <= 0) return std::nullopt;
  return rate;
}

std::optional<std::string> country_label(std::string_view field) {
  // The country that is named first: "Mitteleuropa, Deutschland / Polen, Schlesien" was sung in German.
  const auto text = plain_words(field);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const auto& alias : country_aliases()) {
      if (is_word_at(text, at, alias.words)) return std::string(alias.value);
    }
  }
  return std::nullopt;
}

}  // namespace midillama::corpus
