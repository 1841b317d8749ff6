// Whether ABC text says what it was written from, by the judgment of another program: Debian's abc2midi.
#pragma once

#include "midillama/midi/score.h"
#include "midillama/music/clip_text.h"

#include <cstdint>

namespace midillama::music {

// Of the notes of quantize(clip): instrument, pitch, start and length.
struct AbcCheck {
  std::int64_t notes = 0;
  std::int64_t missing = 0;  // not in what abc2midi reads from abc(clip)
  std::int64_t added = 0;    // in it, and not in the clip
};

// Error where abc2midi cannot be started or leaves no MIDI file.
AbcCheck check_abc(const midi::Score& clip, const WritingOptions& options);

}  // namespace midillama::music
