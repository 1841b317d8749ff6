#include "midillama/midi/score.h"

#include <algorithm>

namespace midillama::midi {
namespace {

// The changes in [from, to), moved to start at 0, and before them the one in force at `from`.
template <typename Change>
std::vector<Change> changes_within(const std::vector<Change>& changes, Tick from, Tick to) {
  std::vector<Change> within;
  for (Change change : changes) {
    if (change.time >= to) break;
    if (change.time <= from) within.clear();
    change.time = std::max(change.time, from) - from;
    within.push_back(std::move(change));
  }
  return within;
}

Instrument notes_within(const Instrument& instrument, Tick from, Tick to) {
  Instrument within{instrument.program, instrument.is_drum, instrument.name, {}};
  for (Note note : instrument.notes) {
    if (note.start < from || note.start >= to) continue;
    note.start = note.start - from;
    note.end = std::min(note.end, to) - from;
    within.notes.push_back(note);
  }
  return within;
}

}  // namespace

Score clip(const Score& score, Tick from, Tick to) {
  Score clipped;
  clipped.ticks_per_quarter = score.ticks_per_quarter;
  clipped.smpte = score.smpte;
  for (const auto& instrument : score.instruments) {
    Instrument within = notes_within(instrument, from, to);
    if (!within.notes.empty()) clipped.instruments.push_back(std::move(within));
  }
  clipped.tempos = changes_within(score.tempos, from, to);
  clipped.time_signatures = changes_within(score.time_signatures, from, to);
  clipped.key_signatures = changes_within(score.key_signatures, from, to);
  for (const Lyric& lyric : score.lyrics) {
    if (lyric.time >= from && lyric.time < to) clipped.lyrics.push_back({lyric.time - from, lyric.text});
  }
  return clipped;
}

Score part_of(const Score& score, const Part& part) {
  if (part.is_whole()) return score;
  return clip(score, score.to_tick({part.start}), part.duration ? score.to_tick({part.start + *part.duration}) : score.end());
}

}  // namespace midillama::midi
