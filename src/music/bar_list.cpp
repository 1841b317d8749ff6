#include "music/bar_list.h"

#include "music/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace midillama::music {
namespace {

std::string name_of(const midi::Instrument& instrument) {
  return instrument.is_drum ? "drums" : fmt::format("program {}", instrument.program);
}

void add_notes(std::vector<ListedBar>& bars, std::span<const midi::Tick> starts, const midi::Instrument& instrument, bool is_only) {
  auto notes = instrument.notes;
  std::ranges::sort(notes);
  std::size_t bar = 0, filled = bars.size();
  for (midi::Note note : notes) {
    while (bar + 1 < bars.size() && starts[bar + 1] <= note.start) ++bar;
    if (filled != bar) bars[bar].parts.push_back({is_only ? "" : name_of(instrument), instrument.is_drum, {}});
    filled = bar;
    note.start = note.start - starts[bar];
    note.end = note.end - starts[bar];
    bars[bar].parts.back().notes.push_back(note);
  }
}

}  // namespace

std::vector<ListedBar> listed_bars(const midi::Score& clip) {
  const auto starts = midi::bar_starts(clip);
  std::vector<ListedBar> bars;
  for (const midi::Tick start : starts)
    bars.push_back({in_force(clip.time_signatures, start), std::lround(in_force(clip.tempos, start).bpm), {}});
  for (const auto& instrument : clip.instruments) add_notes(bars, starts, instrument, clip.instruments.size() == 1);
  while (!bars.empty() && bars.back().parts.empty()) bars.pop_back();
  return bars;
}

std::string quarters(midi::Tick ticks, int ticks_per_quarter) {
  return fmt::format("{}", std::round(100.0 * static_cast<double>(ticks.value) / ticks_per_quarter) / 100);
}

}  // namespace midillama::music
