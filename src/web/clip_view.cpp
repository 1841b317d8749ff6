#include "midillama/web/clip_view.h"

#include "midillama/web/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace midillama::web {
namespace {

constexpr std::size_t kMostBeats = 100'000;

// To a tenth of a millisecond.
double rounded(midi::Seconds time) {
  return std::round(time.value * 1e4) / 1e4;
}

midi::TimeSignature meter_at(const midi::Score& score, midi::Tick time) {
  const auto& meters = score.time_signatures;
  const auto after = std::ranges::upper_bound(meters, time, {}, &midi::TimeSignature::time);
  return after == meters.begin() ? midi::TimeSignature{} : *std::prev(after);
}

// As they are counted: two in a bar of 6/8.
int beats_in(const midi::TimeSignature& meter) {
  const bool is_compound = meter.denominator >= 8 && meter.numerator > 3 && meter.numerator % 3 == 0;
  return is_compound ? meter.numerator / 3 : meter.numerator;
}

std::vector<midi::Tick> bars_of(const midi::Score& score) {
  if (score.smpte) return {};
  try {
    return midi::bar_starts(score);
  } catch (const Error& error) {
    throw HttpError(400, fmt::format("the MIDI file: {}", error.what()));
  }
}

std::vector<midi::Tick> beats_of(const midi::Score& score, const std::vector<midi::Tick>& bars) {
  std::vector<midi::Tick> beats;
  for (std::size_t bar = 0; bar + 1 < bars.size(); ++bar) {
    const int count = beats_in(meter_at(score, bars[bar]));
    for (int beat = 0; beat < count; ++beat) beats.push_back({bars[bar].value + (bars[bar + 1] - bars[bar]).value * beat / count});
    if (beats.size() > kMostBeats) throw HttpError(400, fmt::format("the MIDI file: has more than {} beats", kMostBeats));
  }
  return beats;
}

OrderedJson in_seconds(const std::vector<midi::Tick>& ticks, const midi::TempoMap& tempos) {
  OrderedJson times = OrderedJson::array();
  for (const midi::Tick tick : ticks) times.push_back(rounded(tempos.to_seconds(tick)));
  return times;
}

OrderedJson tracks_of(const midi::Score& score) {
  OrderedJson tracks = OrderedJson::array();
  for (const midi::Instrument& instrument : score.instruments) {
    tracks.push_back({{"name", instrument.name}, {"program", instrument.program}, {"is_drum", instrument.is_drum}});
  }
  return tracks;
}

OrderedJson notes_of(const midi::Score& score, const midi::TempoMap& tempos) {
  struct Placed {
    midi::Note note;
    std::size_t track;
    auto operator<=>(const Placed&) const = default;
  };
  std::vector<Placed> placed;
  for (std::size_t track = 0; track < score.instruments.size(); ++track) {
    for (const midi::Note& note : score.instruments[track].notes) placed.push_back({note, track});
  }
  std::ranges::sort(placed);
  OrderedJson notes = OrderedJson::array();
  for (const auto& [note, track] : placed) {
    notes.push_back(
        {rounded(tempos.to_seconds(note.start)), rounded(tempos.to_seconds(note.end)), int{note.pitch}, int{note.velocity}, track});
  }
  return notes;
}

}  // namespace

OrderedJson view_of(const midi::Score& score) {
  const midi::TempoMap tempos(score);
  const std::vector<midi::Tick> bars = bars_of(score);
  return {{"duration", rounded(tempos.to_seconds(score.end()))},
          {"tracks", tracks_of(score)},
          {"notes", notes_of(score, tempos)},
          {"beats", in_seconds(beats_of(score, bars), tempos)},
          {"bars", in_seconds(bars, tempos)}};
}

}  // namespace midillama::web
