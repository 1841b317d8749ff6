#include "midillama/midi/score.h"

#include <algorithm>
#include <cmath>

namespace midillama::midi {

std::size_t Score::note_count() const {
  std::size_t count = 0;
  for (const auto& instrument : instruments) count += instrument.notes.size();
  return count;
}

Tick Score::end() const {
  Tick last;
  for (const auto& instrument : instruments) {
    for (const Note& note : instrument.notes) last = std::max(last, note.end);
  }
  return last;
}

Seconds Score::to_seconds(Tick tick) const {
  return TempoMap(*this).to_seconds(tick);
}

Tick Score::to_tick(Seconds seconds) const {
  return TempoMap(*this).to_tick(seconds);
}

TempoMap::TempoMap(const Score& score) {
  const auto add = [&](Tick from, double bpm) {
    segments_.push_back({from, segments_.empty() ? Seconds{0} : to_seconds(from), 60.0 / bpm / score.ticks_per_quarter});
  };
  segments_.reserve(score.tempos.size() + 1);
  add(Tick{0}, kDefaultBpm);
  for (const auto& tempo : score.tempos) add(tempo.time, tempo.bpm);
}

Seconds TempoMap::to_seconds(Tick tick) const {
  const auto next = std::upper_bound(segments_.begin() + 1, segments_.end(), tick, [](Tick t, const Segment& s) { return t < s.from; });
  const Segment& segment = *std::prev(next);
  return {segment.begins.value + static_cast<double>((tick - segment.from).value) * segment.seconds_per_tick};
}

Tick TempoMap::to_tick(Seconds seconds) const {
  // A tick turned into seconds must come back as itself: rounding errors of the way there are less than this, in ticks.
  constexpr double kSlack = 1e-5;
  if (!(seconds.value > 0)) return {0};
  const auto next = std::upper_bound(segments_.begin() + 1, segments_.end(), seconds,
                                     [](Seconds s, const Segment& segment) { return s < segment.begins; });
  const Segment& segment = *std::prev(next);
  const double ticks = std::floor((seconds.value - segment.begins.value) / segment.seconds_per_tick + kSlack);
  return {static_cast<std::int64_t>(std::min(static_cast<double>(segment.from.value) + ticks, static_cast<double>(kMaxTick.value)))};
}

}  // namespace midillama::midi
