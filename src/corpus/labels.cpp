#include "midillama/corpus/labels.h"

#include "midillama/core/ascii.h"
#include "midillama/music/features.h"
#include "midillama/records/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <iterator>
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

constexpr int kShortestNote = 128;

// The length of a note: so short that four of them can be added up.
bool is_note(const Fraction& length) {
  return length.numerator <= kShortestNote && length.denominator <= kShortestNote && std::has_single_bit(unsigned(length.denominator));
}

Fraction sum(const Fraction& a, const Fraction& b) {
  const int denominator = std::max(a.denominator, b.denominator);
  return {a.numerator * (denominator / a.denominator) + b.numerator * (denominator / b.denominator), denominator};
}

// Takes a text in quotation marks, one without an end to where the line ends.
void take_text(std::string_view& text) {
  if (!take(text, '"')) return;
  const auto end = text.find('"');
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
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

// Who asks, denies or guesses names nothing.
bool is_doubtful(std::string_view part) {
  static constexpr std::string_view kDoubts[] = {"not",      "never",      "neither", "nor",    "maybe",  "perhaps", "possibly", "probably",
                                                 "presumed", "presumably", "like",    "almost", "nearly", "quasi",   "unlike",   "non"};
  const auto is_doubt = [](const records::PlainWord& word) { return std::ranges::find(kDoubts, word.text) != std::end(kDoubts); };
  return part.find('?') != std::string_view::npos || std::ranges::any_of(records::words_in(part), is_doubt);
}

// Calls `receive` with the plain words of each part of a label that is stated without a doubt.
template <typename Receive>
void for_each_part(std::string_view label, Receive&& receive) {
  while (!label.empty()) {
    const auto end = std::min(label.find_first_of(kBetweenNames), label.size());
    const auto part = label.substr(0, end);
    label.remove_prefix(std::min(end + 1, label.size()));
    const bool is_doubted_behind = label.starts_with("?)");
    if (!is_doubtful(part) && !is_doubted_behind) receive(records::plain_words(part));
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
  if (!std::ranges::all_of(word, [](char c) { return 'a' <= c && c <= 'z'; })) return "";
  for (const auto& mode : kModes) {
    if (word.substr(0, 3) == mode.words) return mode.value;
  }
  return "";
}

// The sharps of the major key on a letter; flats are negative.
int sharps_of(char letter, char accidental) {
  constexpr std::string_view kByFifths = "FCGDAEB";
  const int natural = static_cast<int>(kByFifths.find(letter)) - 1;
  return natural + (accidental == '#' ? 7 : accidental == 'b' ? -7 : 0);
}

// Whether there is such a signature: of a mode's seven notes none is raised or lowered twice.
bool has_signature(char letter, char accidental, std::string_view mode) {
  constexpr std::string_view kByFifths[] = {"lydian", "major", "mixolydian", "dorian", "minor", "phrygian", "locrian"};
  const auto at = std::ranges::find(kByFifths, mode) - std::begin(kByFifths);
  return std::abs(sharps_of(letter, accidental) + 1 - static_cast<int>(at)) <= 7;
}

// A setting of a voice that has it sound elsewhere than it is written, an octave not counted.
bool is_transposing(std::string_view word) {
  static constexpr std::string_view kNames[] = {"transpose", "shift", "sound", "score", "instrument"};
  constexpr int kOctave = 12;
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || std::ranges::find(kNames, word.substr(0, equals)) == std::end(kNames)) return false;
  word.remove_prefix(equals + 1);
  const auto semitones = take_number<int>(word);
  return !semitones || *semitones % kOctave != 0;
}

// A clef, or a setting of a staff or a voice that leaves the key what it is.
bool is_setting(std::string_view word) {
  static constexpr std::string_view kNames[] = {"clef",       "middle", "m",  "octave",  "transpose", "stafflines",
                                                "staffscale", "name",   "nm", "subname", "snm",       "stem"};
  static constexpr std::string_view kClefs[] = {"treble", "bass", "alto", "tenor", "baritone", "soprano", "mezzosoprano", "perc", "none"};
  const auto equals = word.find('=');
  if (equals != std::string_view::npos)
    return std::ranges::find(kNames, word.substr(0, equals)) != std::end(kNames) && !is_transposing(word);
  const auto names_it = [&](std::string_view clef) {
    return word.starts_with(clef) && word.find_first_not_of("0123456789+-", clef.size()) == std::string_view::npos;
  };
  return word == "-8va" || word == "+8va" || std::ranges::any_of(kClefs, names_it);
}

// The next word of a field; its quoted values may hold spaces (name="Violin 1").
std::string_view take_word(std::string_view& text) {
  text = skip_spaces(text);
  bool is_quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (is_quoted || (text[end] != ' ' && text[end] != '\t')); ++end) is_quoted ^= text[end] == '"';
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

struct Tempo {
  Fraction beat;
  double rate;  // beats a minute
};

// A beat of up to four notes and its rate, a text before or behind them.
std::optional<Tempo> parse_tempo(std::string_view field) {
  take_text(field);
  std::optional<Fraction> beat;
  int notes = 0;
  for (auto note = take_fraction(field); note; note = take_fraction(field)) {
    if (!is_note(*note) || ++notes > 4) return std::nullopt;
    beat = beat ? sum(*beat, *note) : *note;
  }
  if (!beat || !take(field, '=')) return std::nullopt;
  const auto rate = take_number<double>(field);
  constexpr double kSlowest = 1, kFastest = 10'000;
  if (!rate || !(*rate >= kSlowest && *rate <= kFastest)) return std::nullopt;
  return Tempo{*beat, *rate};
}

}  // namespace

std::optional<std::string> value_in_label(const records::Tag& tag, std::string_view label, std::string_view meter) {
  std::set<std::string> values;
  for_each_part(label, [&](const std::string& words) { add_values(tag, words, values); });
  return with_meter(tag, the_only_one(values), meter);
}

std::optional<std::string> value_at_end(const records::Tag& tag, std::string_view title, std::string_view meter) {
  if (title.ends_with('?')) return std::nullopt;
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
  text = text.substr(0, text.find('%'));
  auto rest = text;
  auto word = take_word(rest);
  // Case is ignored but for the single letter: some write M for major, others for minor.
  if (word == "M") return std::nullopt;
  if (is_setting(word)) {
    word = {};
    rest = text;
  }
  const auto mode = mode_name(lower_ascii(word));
  if (mode.empty() || !has_signature(letter, accidental, mode)) return std::nullopt;
  while (!skip_spaces(rest).empty()) {
    const auto setting = take_word(rest);
    if (!is_setting(setting)) return std::nullopt;
  }
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
  const auto tempo = parse_tempo(field);
  if (!tempo) return std::nullopt;
  return tempo->rate * 4 * tempo->beat.numerator / tempo->beat.denominator;
}

std::optional<std::string> plain_tempo(std::string_view field) {
  const auto tempo = parse_tempo(field);
  if (!tempo) return std::nullopt;
  return fmt::format("{}/{}={}", tempo->beat.numerator, tempo->beat.denominator, tempo->rate);
}

bool is_transposed(std::string_view field) {
  for (field = field.substr(0, field.find('%')); !skip_spaces(field).empty();) {
    if (is_transposing(take_word(field))) return true;
  }
  return false;
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
