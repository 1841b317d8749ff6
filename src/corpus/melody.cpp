#include "midillama/corpus/melody.h"

#include <algorithm>
#include <bitset>
#include <cmath>

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

std::vector<Onset> pitched_onsets(const midi::Score& score) {
  std::vector<Onset> onsets;
  for (const auto& instrument : score.instruments) {
    if (instrument.is_drum) continue;
    for (const auto& note : instrument.notes) onsets.push_back({note.start, note.pitch});
  }
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

std::vector<std::uint64_t> runs(const Melody& melody, std::size_t length) {
  std::vector<std::uint64_t> found;
  for (std::size_t i = 0; i + length <= melody.steps.size(); ++i) {
    std::uint64_t run = 0;
    for (std::size_t step = i; step < i + length; ++step) run = run * 12 + melody.steps[step];
    found.push_back(run);
  }
  return found;
}

std::vector<std::uint64_t> each_once(std::vector<std::uint64_t> runs) {
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  return runs;
}

std::size_t different_steps(std::uint64_t run) {
  std::bitset<12> steps;
  for (; run != 0; run /= 12) steps.set(run % 12);
  return steps.count();
}

}  // namespace

Melody melody_of(const midi::Score& score) {
  const auto onsets = pitched_onsets(score);
  Melody melody{{}, is_performed(onsets, score)};
  const auto pitches = top_line(onsets, score, melody.performed);
  for (std::size_t i = 1; i < pitches.size(); ++i) {
    if (pitches[i] != pitches[i - 1]) melody.steps.push_back(static_cast<std::uint8_t>((132 + pitches[i] - pitches[i - 1]) % 12));
  }
  return melody;
}

std::vector<std::uint64_t> figures_in_order(const Melody& melody) {
  return runs(melody, kFigureSteps);
}

std::vector<std::uint64_t> melodic_figures(const Melody& melody) {
  return each_once(figures_in_order(melody));
}
std::vector<std::uint64_t> melodic_figures(const midi::Score& score) {
  return melodic_figures(melody_of(score));
}

std::vector<std::uint64_t> melodic_phrases(const Melody& melody) {
  auto phrases = each_once(runs(melody, kPhraseSteps));
  std::erase_if(phrases, [](std::uint64_t phrase) { return different_steps(phrase) < kPhraseVariety; });
  return phrases;
}
std::vector<std::uint64_t> melodic_phrases(const midi::Score& score) {
  return melodic_phrases(melody_of(score));
}

}  // namespace midillama::corpus
