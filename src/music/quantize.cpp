#include "midillama/music/quantize.h"

#include "midillama/music/beats.h"
#include "midillama/music/features.h"
#include "music/changes.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

namespace midillama::music {
namespace {

using midi::Tick;

constexpr int kBeatsOfAMeasure = 4;  // of a performance
constexpr int kScoreParts = 12;      // of a quarter note: sixteenths and triplets

// Parts of a quarter note from the clip's start to a tick, before they are rounded.
using Place = std::function<double(Tick)>;

Place place_by_ticks(const midi::Score& clip, int parts) {
  const double parts_per_tick = static_cast<double>(parts) / clip.ticks_per_quarter;
  return [=](Tick tick) { return static_cast<double>(tick.value) * parts_per_tick; };
}

bool is_performance(const midi::Score& clip) {
  if (clip.smpte) return true;
  if (states_timing(clip)) return false;
  const Place place = place_by_ticks(clip, kScoreParts);
  std::size_t notes = 0, on_grid = 0;
  for (const auto& instrument : clip.instruments) {
    for (const midi::Note& note : instrument.notes) {
      const double start = place(note.start);
      ++notes;
      if (std::abs(start - std::round(start)) <= 0.1) ++on_grid;
    }
  }
  return 3 * on_grid < notes;
}

// Beats of a performance, with those before the first that are needed to reach `first`, in seconds; at least two, or none.
std::vector<double> beats_from(const midi::Score& clip, double first) {
  std::vector<double> beats = estimate_beats(onsets_of(clip));
  if (beats.size() < 2) return {};
  const double interval = beats[1] - beats[0];
  const auto missing = static_cast<int>(std::ceil((beats[0] - first) / interval - 1e-9));
  std::vector<double> all;
  for (int i = std::max(0, missing); i > 0; --i) all.push_back(beats[0] - i * interval);
  all.insert(all.end(), beats.begin(), beats.end());
  return all;
}

// Evenly between two beats; after the last as between the last two.
Place place_by_beats(const midi::Score& clip, std::vector<double> beats, int parts) {
  return [tempos = midi::TempoMap(clip), beats = std::move(beats), parts](Tick tick) {
    const double time = tempos.to_seconds(tick).value;
    const auto after = std::upper_bound(beats.begin() + 1, beats.end() - 1, time);
    const double before = *std::prev(after);
    return parts * (static_cast<double>(after - beats.begin() - 1) + (time - before) / (*after - before));
  };
}

GridInstrument on_grid(const midi::Instrument& instrument, const Place& place) {
  GridInstrument moved{instrument.program, instrument.is_drum, {}};
  for (const midi::Note& note : instrument.notes) {
    const std::int64_t start = std::max(0L, std::lround(place(note.start)));
    moved.notes.push_back({start, std::max(start + 1, static_cast<std::int64_t>(std::lround(place(note.end)))), note.pitch});
  }
  std::ranges::sort(moved.notes);
  moved.notes.erase(std::unique(moved.notes.begin(), moved.notes.end()), moved.notes.end());
  return moved;
}

std::int64_t end_of(const GridClip& clip) {
  std::int64_t end = 0;
  for (const auto& instrument : clip.instruments) {
    for (const GridNote& note : instrument.notes) end = std::max(end, note.end);
  }
  return end;
}

// Bars shorter than a part are one with the next.
void divide_by_bars(GridClip& grid, const midi::Score& clip, const Place& place) {
  const auto bars = midi::bar_starts(clip);
  for (const Tick bar : bars) {
    const std::int64_t start = std::lround(place(bar));
    if (!grid.measures.empty()) grid.measures.back().end = start;
    if (!grid.measures.empty() && grid.measures.back().start == start) grid.measures.pop_back();
    grid.measures.push_back({start, 0, in_force(clip.time_signatures, bar), std::lround(in_force(clip.tempos, bar).bpm)});
  }
  // The last bar line is the end, unless a note was moved beyond it.
  if (grid.measures.size() > 1 && grid.measures.back().start >= end_of(grid)) grid.measures.pop_back();
  grid.measures.back().end = std::max(grid.measures.back().end, end_of(grid));
}

void divide_by_beats(GridClip& grid, std::span<const double> beats) {
  const auto tempo = std::lround(beats_per_minute(beats).value_or(0));
  const std::int64_t length = std::int64_t{kBeatsOfAMeasure} * grid.parts;
  const std::int64_t end = end_of(grid);
  for (std::int64_t start = 0; start < end; start += length) grid.measures.push_back({start, start + length, std::nullopt, tempo});
}

double first_start(const midi::Score& clip) {
  Tick first = midi::kMaxTick;
  for (const auto& instrument : clip.instruments) {
    for (const midi::Note& note : instrument.notes) first = std::min(first, note.start);
  }
  return clip.to_seconds(first).value;
}

}  // namespace

GridClip quantize(const midi::Score& clip, int parts) {
  GridClip grid{.parts = parts, .instruments = {}, .measures = {}, .lost_notes = 0};
  if (clip.note_count() == 0) return grid;
  const auto beats = is_performance(clip) ? beats_from(clip, first_start(clip)) : std::vector<double>();
  const Place place = beats.empty() ? place_by_ticks(clip, parts) : place_by_beats(clip, beats, parts);
  for (const auto& instrument : clip.instruments) {
    grid.instruments.push_back(on_grid(instrument, place));
    grid.lost_notes += std::ssize(instrument.notes) - std::ssize(grid.instruments.back().notes);
  }
  if (beats.empty()) {
    divide_by_bars(grid, clip, place);
  } else {
    divide_by_beats(grid, beats);
  }
  return grid;
}

}  // namespace midillama::music
