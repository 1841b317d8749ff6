#include "midillama/music/roles.h"

#include <glib.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace midillama::music {
namespace {

constexpr double kAlone = 0.9;     // of the notes of an instrument that plays one note at a time
constexpr double kNearly = 0.1;    // by which two shares are as good as equal
constexpr double kBassBelow = 48;  // mean pitch
constexpr int kFirstBassProgram = 32, kLastBassProgram = 39;

struct NamedRole {
  std::string_view word;
  Role role;
};
// A bass drum is a drum.
constexpr NamedRole kWords[] = {
    {"drum", Role::rhythm},  {"drums", Role::rhythm},  {"drumkit", Role::rhythm}, {"drumset", Role::rhythm}, {"melody", Role::melody},
    {"vocal", Role::melody}, {"vocals", Role::melody}, {"voice", Role::melody},   {"voices", Role::melody},  {"lead", Role::melody},
    {"chord", Role::chords}, {"chords", Role::chords}, {"bass", Role::bass},      {"bassline", Role::bass},
};

// "LeadSynth 2" is of the words lead and synth.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  gunichar last = ' ';
  const std::unique_ptr<char, decltype(&g_free)> valid(g_utf8_make_valid(name.data(), static_cast<gssize>(name.size())), &g_free);
  for (const char* at = valid.get(); *at != '\0'; at = g_utf8_next_char(at)) {
    const gunichar c = g_utf8_get_char(at);
    const bool begins = !g_unichar_isalpha(last) || (g_unichar_isupper(c) && !g_unichar_isupper(last));
    if (g_unichar_isalpha(c)) {
      if (begins) words.emplace_back();
      std::array<char, 6> bytes;
      words.back().append(bytes.data(), static_cast<std::size_t>(g_unichar_to_utf8(g_unichar_tolower(c), bytes.data())));
    }
    last = c;
  }
  return words;
}

// A rhythm guitar plays chords: that word must stand alone.
std::optional<Role> role_by_name(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  if (words == std::vector<std::string>{"rhythm"}) return Role::rhythm;
  for (const NamedRole& named : kWords)
    if (std::ranges::find(words, named.word) != words.end()) return named.role;
  return std::nullopt;
}

// Of an instrument with notes: the share of its notes that begin alone, and their mean pitch.
struct Playing {
  double alone = 0;
  double mean_pitch = 0;
};

Playing playing_of(const midi::Instrument& instrument) {
  std::map<midi::Tick, int> begin;
  double sum = 0;
  for (const midi::Note& note : instrument.notes) {
    ++begin[note.start];
    sum += note.pitch;
  }
  const auto alone = std::ranges::count_if(begin, [](const auto& at) { return at.second == 1; });
  const auto count = static_cast<double>(instrument.notes.size());
  return {.alone = static_cast<double>(alone) / count, .mean_pitch = sum / count};
}

std::optional<Role> certain_role(const midi::Instrument& instrument) {
  if (instrument.is_drum) return Role::rhythm;
  if (const auto named = role_by_name(instrument.name)) return named;
  if (instrument.program >= kFirstBassProgram && instrument.program <= kLastBassProgram) return Role::bass;
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Role role) {
  static constexpr std::array<std::string_view, 4> names = {"melody", "chords", "bass", "rhythm"};
  return names[static_cast<std::size_t>(role)];
}

std::vector<Role> guess_roles(const midi::Score& score) {
  std::vector<std::optional<Role>> roles;
  std::map<std::size_t, Playing> open;  // instruments whose role is not certain
  for (const midi::Instrument& instrument : score.instruments) {
    roles.push_back(certain_role(instrument));
    if (!roles.back() && !instrument.notes.empty()) open[roles.size() - 1] = playing_of(instrument);
  }
  const bool has_melody = std::ranges::find(roles, std::optional(Role::melody)) != roles.end();
  if (!has_melody && !open.empty()) {
    double best = 0;
    for (const auto& [number, playing] : open) best = std::max(best, playing.alone);
    const auto melody = std::ranges::max_element(
        open, {}, [&](const auto& candidate) { return candidate.second.alone >= best - kNearly ? candidate.second.mean_pitch : -1; });
    roles[melody->first] = Role::melody;
    open.erase(melody);
  }
  for (const auto& [number, playing] : open)
    roles[number] = playing.alone >= kAlone && playing.mean_pitch < kBassBelow ? Role::bass : Role::chords;

  std::vector<Role> all;
  for (const auto& role : roles) all.push_back(role.value_or(Role::chords));
  return all;
}

}  // namespace midillama::music
