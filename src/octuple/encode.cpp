#include "midillama/core/log.h"
#include "midillama/octuple/note_order.h"
#include "midillama/octuple/octuple.h"
#include "midillama/octuple/vocabulary.h"
#include "timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::octuple {
namespace {

// A note in one number, whose order is the order of octuples: bar, position, meter and tempo all follow from the place on the timeline.
using Key = std::uint64_t;

Key make_key(std::int64_t place, int program, int pitch, int duration, int velocity) {
  Key key = static_cast<Key>(place);
  for (const int code : {program, pitch, duration, velocity}) key = key << 8 | static_cast<Key>(code);
  return key;
}

std::size_t place_of(Key key) {
  return key >> 32;
}

Octuple octuple_at(const Place& place, Key key) {
  const auto code = [key](int shift) { return static_cast<int>(key >> shift & 0xff); };
  return {place.bar, place.position, code(24), code(16), code(8), code(0), place.time_signature, place.tempo};
}

void check(const midi::Score& score) {
  if (score.smpte) throw OctupleError("the file is timed in SMPTE frames: it has no quarter notes, which octuples count in");
  if (score.ticks_per_quarter <= 0) throw OctupleError(fmt::format("{} ticks a quarter note", score.ticks_per_quarter));
}

void check(const midi::Note& note) {
  const bool valid =
      note.start >= midi::Tick{0} && note.start <= note.end && note.end <= midi::kMaxTick && note.pitch < 128 && note.velocity < 128;
  if (!valid) {
    throw OctupleError(fmt::format("no octuple has a note of pitch {} and velocity {} from tick {} to {}", note.pitch, note.velocity,
                                   note.start.value, note.end.value));
  }
}

// Calls visit(key, index) for the notes before kMaxPositions, in the order of the score.
template <typename Visit>
void for_each_key(const midi::Score& score, const Visit& visit) {
  for (NoteIndex index; index.instrument < score.instruments.size(); ++index.instrument) {
    const auto& instrument = score.instruments[index.instrument];
    if (instrument.program > 127) throw OctupleError(fmt::format("program {}", instrument.program));
    const int program = instrument.is_drum ? kDrumProgram : instrument.program;
    const int first_pitch = instrument.is_drum ? kDrumPitches : 0;
    for (index.note = 0; index.note < instrument.notes.size(); ++index.note) {
      const auto& note = instrument.notes[index.note];
      check(note);
      const auto start = nearest_position(note.start, score.ticks_per_quarter);
      const auto end = nearest_position(note.end, score.ticks_per_quarter);
      if (start >= kMaxPositions) continue;
      visit(make_key(start, program, first_pitch + note.pitch, duration_code(end - start), velocity_code(note.velocity)), index);
    }
  }
}

}  // namespace

std::vector<Octuple> encode(const midi::Score& score, const std::string& name) {
  check(score);
  std::vector<Key> keys;
  keys.reserve(score.note_count());
  for_each_key(score, [&](Key key, const NoteIndex&) { keys.push_back(key); });
  std::sort(keys.begin(), keys.end());
  const std::size_t after = score.note_count() - keys.size();
  if (after > 0)
    log::warning("{}{}notes left out because they start behind position {} (quarter note {}): {}", name, name.empty() ? "" : ": ",
                 kMaxPositions, kMaxPositions / kPositionsPerQuarter, after);
  const auto length = after > 0 ? kMaxPositions : keys.empty() ? 0 : static_cast<std::int64_t>(place_of(keys.back())) + 1;
  const auto places = timeline(score, length);
  std::vector<Octuple> octuples;
  octuples.reserve(keys.size());
  for (const Key key : keys) octuples.push_back(octuple_at(places[place_of(key)], key));
  return octuples;
}

std::size_t count_left_out(const midi::Score& score) {
  check(score);
  std::size_t kept = 0;
  for_each_key(score, [&](Key, const NoteIndex&) { ++kept; });
  return score.note_count() - kept;
}

std::vector<NoteIndex> note_order(const midi::Score& score) {
  check(score);
  std::vector<std::pair<Key, NoteIndex>> keys;
  for_each_key(score, [&](Key key, const NoteIndex& index) { keys.emplace_back(key, index); });
  std::sort(keys.begin(), keys.end());
  std::vector<NoteIndex> order;
  for (const auto& [key, index] : keys) order.push_back(index);
  return order;
}

}  // namespace midillama::octuple
