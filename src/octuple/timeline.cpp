#include "timeline.h"

#include "midillama/octuple/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::octuple {
namespace {

// Calls set(place, change) for every place from one change to the next, the last one to the end. Changes that leave no place are not looked
// at.
template <typename Change, typename Set>
void fill(std::vector<Place>& places, const std::vector<Change>& changes, int ticks_per_quarter, Set set) {
  const auto position = [&](std::size_t index) {
    const auto end = static_cast<std::int64_t>(places.size());
    return index < changes.size() ? std::min(nearest_position(changes[index].time, ticks_per_quarter), end) : end;
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto begin = position(i), end = position(i + 1);
    if (begin < end) set(places.begin() + begin, places.begin() + end, changes[i]);
  }
}

int meter_code(const midi::TimeSignature& change) {
  if (reduce_time_signature(change.numerator, change.denominator)) return time_signature_code(change.numerator, change.denominator);
  throw OctupleError(
      fmt::format("tick {}: the time signature {}/{} cannot be expressed: its denominator does not reduce to a power of two up to 64",
                  change.time.value, change.numerator, change.denominator));
}

void number_bars(std::vector<Place>& places) {
  int bar = 0, position = 0, length = 0;
  for (Place& place : places) {
    if (position == 0) length = bar_positions(place.time_signature);
    place.bar = static_cast<std::uint16_t>(bar);
    place.position = static_cast<std::uint8_t>(position);
    if (++position == length) {
      position = 0;
      ++bar;
    }
  }
}

}  // namespace

std::vector<Place> timeline(const midi::Score& score, std::int64_t length) {
  const auto meter = static_cast<std::uint8_t>(time_signature_code(4, 4));
  const auto tempo = static_cast<std::uint8_t>(tempo_code(midi::kDefaultBpm));
  std::vector<Place> places(static_cast<std::size_t>(length), Place{0, 0, meter, tempo});
  fill(places, score.time_signatures, score.ticks_per_quarter, [](auto begin, auto end, const midi::TimeSignature& change) {
    const auto code = static_cast<std::uint8_t>(meter_code(change));
    std::for_each(begin, end, [&](Place& place) { place.time_signature = code; });
  });
  fill(places, score.tempos, score.ticks_per_quarter, [](auto begin, auto end, const midi::TempoChange& change) {
    const auto code = static_cast<std::uint8_t>(tempo_code(change.bpm));
    std::for_each(begin, end, [&](Place& place) { place.tempo = code; });
  });
  number_bars(places);
  return places;
}

}  // namespace midillama::octuple
