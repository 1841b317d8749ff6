#include "midillama/corpus/labels.h"

#include "midillama/core/ascii.h"
#include "midillama/music/features.h"
#include "midillama/records/words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace midillama::corpus {
namespace {

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

// The longest alias that `matches`, or nullptr.
template <typename Matches>
const records::Alias* longest_alias(const records::Tag& tag, Matches&& matches) {
  const records::Alias* best = nullptr;
  for (const auto& alias : tag.phrases) {
    if ((best == nullptr || alias.words.size() > best->words.size()) && matches(alias.words)) best = &alias;
  }
  return best;
}

constexpr std::string_view kBetweenNames = ",;/|()&";

// Calls `receive` with the plain words of each part of a label.
template <typename Receive>
void for_each_part(std::string_view label, Receive&& receive) {
  while (!label.empty()) {
    const auto end = std::min(label.find_first_of(kBetweenNames), label.size());
    receive(records::plain_words(label.substr(0, end)));
    label.remove_prefix(std::min(end + 1, label.size()));
  }
}

// Who names two names none.
std::optional<std::string> the_only_one(const std::set<std::string>& values) {
  return values.size() == 1 ? std::optional(*values.begin()) : std::nullopt;
}

// The values that plain words name, of aliases within each other the longest.
void add_values(const records::Tag& tag, std::string_view words, std::set<std::string>& values) {
  for (std::size_t at = 0; at < words.size();) {
    const auto* alias = longest_alias(tag, [&](const auto& phrase) { return records::is_word_at(words, at, phrase); });
    if (alias != nullptr) values.insert(alias->value);
    const auto end = words.find(' ', at + (alias == nullptr ? 0 : alias->words.size()));
    at = end == std::string_view::npos ? words.size() : end + 1;
  }
}

// The value that stands for this one in this meter.
std::optional<std::string> with_meter(const records::Tag& tag, std::optional<std::string> value, std::string_view meter) {
  for (const auto& other : tag.values) {
    const bool meant = value && other.instead_of == *value && std::ranges::find(other.in_meters, meter) != other.in_meters.end();
    if (meant) return other.value;
  }
  return value;
}

std::string_view mode_name(std::string_view word) {
  struct Mode {
    std::string_view words;
    std::string_view value;
  };
  static constexpr std::array<Mode, 9> kModes = {{{"maj", "major"},
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

// A word that may come after the mode: a clef, a voice setting, or a comment.
bool is_setting(std::string_view word) {
  return word == "treble" || word == "treble8" || word == "bass" || word == "alto" || word == "tenor" || word.front() == '%' ||
         word.front() == '-' || word.front() == '+' || word.find('=') != std::string_view::npos;
}

// "K:D =c" is no D major: what comes after the mode changes the signature.
bool has_accidentals(std::string_view text) {
  for (text = text.substr(0, text.find('%')); !(text = skip_spaces(text)).empty();) {
    if (std::string_view("^_=").find(text.front()) != std::string_view::npos) return true;
    text.remove_prefix(std::min(text.find_first_of(" \t"), text.size()));
  }
  return false;
}

}  // namespace

std::optional<std::string> value_in_label(const records::Tag& tag, std::string_view label, std::string_view meter) {
  std::set<std::string> values;
  for_each_part(label, [&](const std::string& words) { add_values(tag, words, values); });
  return with_meter(tag, the_only_one(values), meter);
}

std::optional<std::string> value_at_end(const records::Tag& tag, std::string_view title, std::string_view meter) {
  const auto text = records::plain_words(title);
  const auto* alias = longest_alias(tag, [&](const auto& words) { return records::ends_with_words(text, words); });
  return with_meter(tag, alias == nullptr ? std::nullopt : std::optional(alias->value), meter);
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
  if (has_accidentals(text)) return std::nullopt;
  const auto word = text.substr(0, text.find_first_of(" \t%"));
  const std::string mode_word = lower_ascii(word);
  // Case is ignored but for the single letter: some write M for major, others for minor.
  if (word == "M") return std::nullopt;
  const auto mode = !word.empty() && is_setting(word) ? std::string_view("major") : mode_name(mode_word);
  if (mode.empty()) return std::nullopt;
  return records::tonic_name(letter, accidental) + " " + std::string(mode);
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

std::optional<double> quarters_per_minute(std::string_view field) {
  auto text = skip_spaces(field);
  const auto beat = take_fraction(text);
  if (!beat || !take(text, '=')) return std::nullopt;
  const auto rate = take_number<double>(text);
  if (!rate || *rate <= 0) return std::nullopt;
  return *rate * 4 * beat->numerator / beat->denominator;
}

std::optional<double> beats_per_minute(std::string_view field, std::string_view meter) {
  const auto quarters = quarters_per_minute(field);
  const auto signature = take_fraction(meter);
  if (!quarters || !signature) return std::nullopt;
  return music::beats_per_minute(*quarters, {.time = {}, .numerator = signature->numerator, .denominator = signature->denominator});
}

std::optional<std::string> place_label(const records::Tag& tag, std::string_view field) {
  std::set<std::string> values;
  for_each_part(field, [&](const std::string& place) {
    for (const auto& alias : tag.phrases) {
      if (alias.words == place) values.insert(alias.value);
    }
  });
  return the_only_one(values);
}

}  // namespace midillama::corpus
