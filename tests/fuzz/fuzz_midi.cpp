// Any bytes -> score -> octuples -> windows -> ids and back, and back to MIDI. Errors must be typed; whatever is accepted must keep these
// promises: a score survives writing and reading, its octuples are sorted and in range, ids and windows lose no note, decoded octuples
// encode to themselves.
#include "midillama/core/log.h"
#include "midillama/midi/file.h"
#include "midillama/octuple/octuple.h"
#include "midillama/octuple/vocabulary.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace midillama;
using octuple::Octuple;

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

bool in_range(const midi::Score& score) {
  for (const auto& instrument : score.instruments) {
    for (const auto& note : instrument.notes) {
      if (note.start < midi::Tick{0} || note.start > note.end || note.end > midi::kMaxTick || note.pitch > 127 || note.velocity < 1)
        return false;
    }
  }
  return score.ticks_per_quarter > 0;
}

void check_helpers(const midi::Score& score) {
  const midi::Tick end = score.end();
  const midi::TempoMap map(score);
  require(map.to_tick(map.to_seconds(end)) <= midi::kMaxTick, "ticks stay in range");
  const midi::Tick middle{end.value / 2};
  const auto notes =
      midi::clip(score, midi::Tick{0}, middle).note_count() + midi::clip(score, middle, midi::kMaxTick + midi::Tick{1}).note_count();
  require(notes == score.note_count(), "clips hold every note once");
  try {
    const auto bars = midi::bar_starts(score);
    require(std::is_sorted(bars.begin(), bars.end()) && bars.back() >= end, "bars rise to the end");
  } catch (const Error&) {  // bars beyond measure
  }
}

// What encode() gives for the MIDI file of a decoded score.
std::vector<Octuple> through_midi(const std::vector<Octuple>& octuples) {
  return octuple::encode(midi::parse_midi(midi::to_midi(octuple::decode(octuples)), "decoded"));
}

// decode() gives a bar one meter; only where all its notes agree can the octuples come back.
bool one_meter_a_bar(const std::vector<Octuple>& octuples) {
  for (std::size_t i = 1; i < octuples.size(); ++i) {
    if (octuples[i].bar == octuples[i - 1].bar && octuples[i].time_signature != octuples[i - 1].time_signature) return false;
    if (octuples[i].position >= octuple::bar_positions(octuples[i].time_signature)) return false;
  }
  return octuples.empty() || octuples[0].position < octuple::bar_positions(octuples[0].time_signature);
}

void check_octuples(const std::vector<Octuple>& octuples) {
  require(std::is_sorted(octuples.begin(), octuples.end()), "octuples are sorted");
  std::size_t notes = 0;
  for (const auto& window : octuple::windows(octuples)) {
    require(window.size() <= octuple::kMaxNotes && window.front().bar == 0 && window.back().bar < octuple::kMaxBars,
            "windows keep their limits");
    require(octuple::from_ids(octuple::to_ids(window)) == window, "ids lose nothing");
    const auto decoded = through_midi(window);
    require(decoded.size() == window.size(), "decoding keeps every note");
    require(!one_meter_a_bar(window) || decoded == window, "decoded octuples encode to themselves");
    notes += window.size();
  }
  require(notes == octuples.size(), "windows hold every note once");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = (log::set_level(log::Level::error), true);
  (void)quiet;
  try {
    const midi::Score score = midi::parse_midi({data, size}, "fuzz");
    require(in_range(score), "times and values are in range");
    require(midi::parse_midi(midi::to_midi(score), "written") == score, "a score survives writing and reading");
    check_helpers(score);
    check_octuples(octuple::encode(score));
  } catch (const midi::MidiError&) {
  } catch (const octuple::OctupleError&) {
  }
  return 0;
}
