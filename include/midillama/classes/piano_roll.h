// A piece as a picture: time steps by pitches, a channel for each role of its instruments (classify.piano_roll).
#pragma once

#include "midillama/config/schema.h"
#include "midillama/midi/score.h"

#include <cstdint>
#include <span>
#include <vector>

namespace midillama::classes {

struct RollShape {
  std::int64_t channels = 1;
  std::int64_t steps = 0;
  std::int64_t pitches = 0;
  std::int64_t size() const { return channels * steps * pitches; }
};
RollShape shape_of(const config::PianoRoll& config);

struct RollNote {
  std::int64_t channel = 0;
  std::int64_t begin = 0;  // steps from the first note of the piece on
  std::int64_t end = 0;    // > begin
  int pitch = 0;           // MIDI
  bool is_drum = false;    // has no pitch: is not transposed
  float worth = 1;
  auto operator<=>(const RollNote&) const = default;
};

// All notes, begin and end at the nearest step, in the score's order. Channels are those of music::guess_roles() (melody, chords, bass,
// rhythm), or one. A note is worth 1, or its velocity / 127.
std::vector<RollNote> roll_notes(const midi::Score& score, const config::PianoRoll& config);

// Of the same piece, another picture.
struct RollChange {
  int shift = 0;           // semitones by which it is transposed
  std::int64_t start = 0;  // the step at which the picture begins
};

// Draws the notes into zeros [channels, steps, pitches]: where a note begins its worth, where it goes on half of it, so that repeated notes
// differ from a long one; the larger where two meet. What is beyond the picture is not drawn.
void draw(std::span<const RollNote> notes, const config::PianoRoll& config, const RollChange& change, std::span<float> roll);

}  // namespace midillama::classes
