#include "midillama/corpus/melody.h"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <span>
#include <utility>

namespace midillama::corpus {
namespace {

constexpr std::size_t kFigureSteps = 6;
constexpr std::size_t kPhraseSteps = 16;
constexpr std::size_t kPhraseVariety = 4;

constexpr double kTogether = 0.05;    // seconds between two notes of a spread chord
constexpr double kWholeSpread = 0.2;  // ... and between its first and its last

struct Onset {
  midi::Tick tick;
  int pitch;
};

void add_onsets(const midi::Instrument& instrument, std::vector<Onset>& onsets) {
  for (const auto& note : instrument.notes) onsets.push_back({note.start, note.pitch});
}

// In the order of a melody.
std::vector<Onset> sorted(std::vector<Onset> onsets) {
  std::sort(onsets.begin(), onsets.end(),
            [](const Onset& a, const Onset& b) { return a.tick != b.tick ? a.tick < b.tick : a.pitch < b.pitch; });
  return onsets;
}

// Programs write notes on fractions of the beat, players do not: on a grid of a 48th of a quarter note (with the last tick to spare for
// rounding) lies a share of any player's notes, but not most of them.
bool is_performed(const std::vector<Onset>& onsets, const midi::Score& score) {
  if (score.smpte) return true;
  const double unit = score.ticks_per_quarter / 48.0;
  if (unit < 5) return false;  // too coarse to tell
  const auto on_grid = std::ranges::count_if(onsets, [&](const Onset& onset) {
    const auto place = static_cast<double>(onset.tick.value);
    return std::abs(place - std::nearbyint(place / unit) * unit) <= 1;
  });
  return static_cast<double>(on_grid) < 0.8 * static_cast<double>(onsets.size());
}

// The highest pitch of each onset.
std::vector<int> top_line(const std::vector<Onset>& onsets, const midi::Score& score, bool performed) {
  const midi::TempoMap tempos(score);
  std::vector<int> pitches;
  double first = 0, last = 0;
  for (std::size_t i = 0; i < onsets.size(); ++i) {
    const double time = performed ? tempos.to_seconds(onsets[i].tick).value : static_cast<double>(onsets[i].tick.value);
    const bool same = i > 0 && (performed ? time - last <= kTogether && time - first <= kWholeSpread : time == last);
    last = time;
    if (same) {
      pitches.back() = std::max(pitches.back(), onsets[i].pitch);
    } else {
      pitches.push_back(onsets[i].pitch);
      first = time;
    }
  }
  return pitches;
}

Melody::Steps steps_of(const std::vector<int>& pitches) {
  Melody::Steps steps;
  for (std::size_t i = 1; i < pitches.size(); ++i) {
    if (pitches[i] != pitches[i - 1]) steps.push_back(static_cast<std::uint8_t>((132 + pitches[i] - pitches[i - 1]) % 12));
  }
  return steps;
}

using Run = std::span<const std::uint8_t>;

std::uint64_t number_of(Run run) {
  std::uint64_t number = 0;
  for (const auto step : run) number = number * 12 + step;
  return number;
}

// Calls `use` with every run of this length.
template <typename Use>
void for_each_run(Run steps, std::size_t length, Use&& use) {
  for (std::size_t i = 0; i + length <= steps.size(); ++i) use(steps.subspan(i, length));
}

std::vector<std::uint64_t> each_once(std::vector<std::uint64_t> runs) {
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  return runs;
}

bool is_varied(Run run) {
  std::bitset<12> steps;
  for (const auto step : run) steps.set(step);
  return steps.count() >= kPhraseVariety;
}

// Whether a figure of at most half its length makes up the run.
bool repeats(Run run) {
  for (std::size_t period = 1; period <= run.size() / 2; ++period) {
    if (std::ranges::equal(run.subspan(period), run.first(run.size() - period))) return true;
  }
  return false;
}

}  // namespace

Melody melody_of(const midi::Score& score) {
  std::vector<Onset> onsets;
  std::vector<std::vector<Onset>> parts;
  for (const auto& instrument : score.instruments) {
    if (instrument.is_drum || instrument.notes.empty()) continue;
    add_onsets(instrument, onsets);
    add_onsets(instrument, parts.emplace_back());
  }
  onsets = sorted(std::move(onsets));
  Melody melody;
  melody.performed = is_performed(onsets, score);
  const auto line = [&](const std::vector<Onset>& of) { return steps_of(top_line(of, score, melody.performed)); };
  melody.steps = line(onsets);
  if (parts.size() < 2) return melody;
  for (auto& part : parts) melody.parts.push_back(line(sorted(std::move(part))));
  return melody;
}

std::vector<std::uint64_t> figures_in_order(const Melody& melody) {
  std::vector<std::uint64_t> figures;
  for_each_run(melody.steps, kFigureSteps, [&](Run run) { figures.push_back(number_of(run)); });
  return figures;
}

std::vector<std::uint64_t> melodic_figures(const Melody& melody) {
  return each_once(figures_in_order(melody));
}
std::vector<std::uint64_t> melodic_figures(const midi::Score& score) {
  return melodic_figures(melody_of(score));
}

std::vector<std::uint64_t> melodic_phrases(const Melody& melody) {
  std::vector<std::uint64_t> phrases;
  const bool is_solo_performance = melody.performed && melody.parts.empty();
  if (is_solo_performance) return phrases;
  for_each_run(melody.steps, kPhraseSteps, [&](Run run) {
    if (is_varied(run)) phrases.push_back(number_of(run));
  });
  for (const auto& part : melody.parts) {
    for_each_run(part, kPhraseSteps, [&](Run run) {
      if (is_varied(run) && !repeats(run)) phrases.push_back(number_of(run));
    });
  }
  return each_once(std::move(phrases));
}
std::vector<std::uint64_t> melodic_phrases(const midi::Score& score) {
  return melodic_phrases(melody_of(score));
}

}  // namespace midillama::corpus
