// Tracks and MIDI files.
#pragma once

#include "midillama/compose/tracks.h"
#include "midillama/midi/score.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::compose {

struct MidiWriter {
  std::string_view name;   // compose.writer
  std::int64_t bar_ticks;  // of what is a bar to it
  std::vector<std::uint8_t> (*write)(const Tracks& tracks);
};

// UsageError where there is none of that name.
const MidiWriter& midi_writer(const std::string& name);

// "fixed": a file of format 1 with 480 ticks a quarter note, 120 BPM and 4/4. Every track has a channel of its own and its name: melody and
// chords piano, bass electric bass (program 33), rhythm drums. Notes sound when they start and as long as they last.
std::vector<std::uint8_t> fixed_midi(const Tracks& tracks);

// "compatible": the bytes that the authors' script makes, by way of mido, of the same notes. Its defects are meant to be there: what it
// takes for eight bars are four, melody, chords and bass share a channel, whose program the bass sets for all of them, and in each track
// notes are written one after another, each after the end of the one before it, so that chords are broken and all that follows comes late.
std::vector<std::uint8_t> compatible_midi(const Tracks& tracks);

// The notes of any score by the roles of its instruments (music/roles.h). Starts and lengths, in quarter notes of the file, go to the
// nearest of `parts` parts of a quarter note (a divisor of 480; halves go up), a note keeps at least one. Tempo, meter, programs and pedals
// are lost. What fixed_midi() wrote comes back note for note with 480 parts.
Tracks from_score(const midi::Score& score, std::int64_t parts = kTicksPerQuarter);

}  // namespace midillama::compose
