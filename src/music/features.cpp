#include "midillama/music/features.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace midillama::music {
namespace {

constexpr double kDefaultTempo = 120.0;

// Tempos are stored as whole microseconds a quarter note, so equal ones differ by rounding.
bool same_tempo(double a, double b) {
  return std::abs(a - b) < 0.01;
}

// When the first and the last note begin.
struct Beginnings {
  midi::Tick first = midi::kMaxTick;
  midi::Tick last = {};
};

Beginnings beginnings_of(const midi::Score& score) {
  Beginnings found;
  for (const auto& instrument : score.instruments) {
    for (const auto& note : instrument.notes) {
      found.first = std::min(found.first, note.start);
      found.last = std::max(found.last, note.start);
    }
  }
  return found;
}

// The changes that reach a note: what comes after the last one says nothing of the music.
template <typename Change>
std::span<const Change> heard(const std::vector<Change>& changes, const midi::Score& score) {
  const auto last = beginnings_of(score).last;
  const auto end = std::ranges::find_if(changes, [&](const Change& change) { return change.time > last; });
  return {changes.begin(), end};
}

// The changes in force while notes sound: those before the first note are over, and until the first one the default holds.
template <typename Change>
std::vector<Change> in_force(const std::vector<Change>& changes, const midi::Score& score) {
  const auto first = beginnings_of(score).first;
  std::vector<Change> found = {Change{}};
  for (const auto& change : heard(changes, score)) {
    if (change.time <= first) found.clear();
    found.push_back(change);
  }
  return found;
}

bool same_meter(const midi::TimeSignature& a, const midi::TimeSignature& b) {
  return a.numerator == b.numerator && a.denominator == b.denominator;
}

}  // namespace

std::optional<double> mean_pitch(const midi::Score& score) {
  double sum = 0;
  double weight = 0;
  for (const auto& instrument : score.instruments) {
    if (instrument.is_drum) continue;
    for (const auto& note : instrument.notes) {
      const auto length = static_cast<double>((note.end - note.start).value);
      sum += length * note.pitch;
      weight += length;
    }
  }
  if (weight == 0) return std::nullopt;
  return sum / weight;
}

double notes_per_second(const midi::Score& score) {
  const double seconds = score.to_seconds(score.end()).value;
  return seconds > 0 ? static_cast<double>(score.note_count()) / seconds : 0.0;
}

bool states_timing(const midi::Score& score) {
  if (score.smpte) return false;
  const auto is_common = [](const midi::TimeSignature& meter) { return same_meter(meter, {}); };
  const auto is_default = [](const midi::TempoChange& tempo) { return same_tempo(tempo.bpm, kDefaultTempo); };
  return !std::ranges::all_of(heard(score.time_signatures, score), is_common) ||
         !std::ranges::all_of(heard(score.tempos, score), is_default);
}

bool states_meter(const midi::Score& score) {
  return states_timing(score) && !heard(score.time_signatures, score).empty();
}

bool states_tempo(const midi::Score& score) {
  return states_timing(score) && !heard(score.tempos, score).empty();
}

double beats_per_minute(double quarters_per_minute, const midi::TimeSignature& meter) {
  const bool compound = meter.numerator > 3 && meter.numerator % 3 == 0;
  const double quarters_per_beat = 4.0 / meter.denominator * (compound ? 3 : 1);
  return quarters_per_minute / quarters_per_beat;
}

std::optional<midi::TimeSignature> meter_throughout(const midi::Score& score) {
  const auto meters = in_force(score.time_signatures, score);
  const bool one = std::ranges::all_of(meters, [&](const auto& meter) { return same_meter(meter, meters.front()); });
  return one ? std::optional(meters.front()) : std::nullopt;
}

std::optional<double> beats_throughout(const midi::Score& score) {
  std::optional<double> beats;
  for (const auto& meter : in_force(score.time_signatures, score)) {
    for (const auto& tempo : in_force(score.tempos, score)) {
      const double found = beats_per_minute(tempo.bpm, meter);
      if (beats && !same_tempo(*beats, found)) return std::nullopt;
      if (!beats) beats = found;
    }
  }
  return beats;
}

// A file gives one where it never names another, however late.
std::optional<midi::TimeSignature> stated_meter(const midi::Score& score) {
  if (!states_meter(score)) return std::nullopt;
  const auto& first = score.time_signatures.front();
  const bool one = std::ranges::all_of(score.time_signatures, [&](const auto& meter) { return same_meter(meter, first); });
  return one ? meter_throughout(score) : std::nullopt;
}

std::optional<double> stated_tempo(const midi::Score& score) {
  if (!states_tempo(score)) return std::nullopt;
  auto tempos = in_force(score.tempos, score);
  tempos.insert(tempos.end(), score.tempos.begin(), score.tempos.end());
  const bool one = std::ranges::all_of(tempos, [&](const auto& tempo) { return same_tempo(tempo.bpm, tempos.front().bpm); });
  return one ? std::optional(tempos.front().bpm) : std::nullopt;
}

}  // namespace midillama::music
