// Any bytes as a language model's answer -> tracks -> MIDI -> tracks. Nothing but typed errors; what is a piece holds what a piece must,
// and comes back from its MIDI file note for note.
#include "midillama/compose/answer.h"
#include "midillama/compose/score.h"
#include "midillama/core/error.h"
#include "midillama/midi/file.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace midillama;

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

void require_round_trip(const compose::Tracks& tracks) {
  require(compose::from_score(midi::parse_midi(compose::fixed_midi(tracks), "written")) == tracks, "tracks come back from MIDI");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const compose::Form form = {.bars = 2, .notes = {2, 2, 1, 2}};
  const compose::PieceReading reading = compose::read_piece(text, form, true);
  if (reading.is_piece()) {
    for (const auto& track : reading.tracks) {
      for (const compose::Event& event : track)
        require(event.start >= 0 && event.start < form.ticks() && event.velocity > 0, "notes are within the piece");
    }
    require_round_trip(reading.tracks);
    require(!compose::compatible_midi(reading.tracks).empty(), "a piece can be written in the compatible way");
  }
  try {
    compose::Counts forgiven;
    const compose::Tracks tracks = compose::read_tracks(text, "input", forgiven);
    if (compose::count_notes(tracks) > 0) require_round_trip(tracks);
  } catch (const InputError&) {
  }
  return 0;
}
