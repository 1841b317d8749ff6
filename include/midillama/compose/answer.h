// What a language model is asked for, and what is taken for an answer.
#pragma once

#include "midillama/compose/tracks.h"
#include "midillama/config/schema.h"
#include "midillama/core/file.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace midillama::compose {

// What a piece must hold.
struct Form {
  std::int64_t bars = 8;
  std::int64_t bar_ticks = kTicksPerBar;                   // compose.writer compatible: half as many, as in the authors' script
  std::array<std::int64_t, 4> notes = {16, 8, 8, 16};      // of each track, about: from half of it to twice as many
  std::int64_t ticks() const { return bars * bar_ticks; }  // every note starts before
};
Form form_of(const config::Compose& config);

// Limits of a note, those of the authors' script; a velocity of 0 would end a note.
inline constexpr std::int64_t kMaxPitch = 127, kMinVelocity = 1, kMaxVelocity = 127;
inline constexpr std::int64_t kMinDuration = 240, kMaxDuration = 960;  // ticks: an eighth, a half note
inline constexpr std::array<std::int64_t, 3> kDrums = {35, 38, 42};    // kick, snare, hi-hat

// "… a Pop Rock song in Dance style …": `piece` and `mood` with what a piece must hold, in words.
std::string prompt_of(const Form& form, const std::string& piece, const std::string& mood);

// The same as a JSON schema, so that every answer of a server that holds to it is valid. Models that know little of music need more than
// limits, and JSON Schema has no word for notes that follow one another: every note of a track has its own part of the piece to start in,
// on an eighth, all parts equally long; notes of the chords start with a bar, together where there are more of them than bars. Each track
// has its register and its lengths: eighths to half notes.
OrderedJson schema_of(const Form& form);

struct PieceReading {
  Tracks tracks;
  Counts forgiven;      // what was not written as it should be
  Counts repaired;      // what was not as a piece must be
  std::string problem;  // why it is no piece; empty where it is one
  bool is_piece() const { return problem.empty(); }
};

// Reads an answer by read_lenient_json(). Forgiven is also: an object around the tracks, other names of theirs (drums; other cases), notes
// as objects, numbers as texts or with a fraction. Repaired is: a pitch, duration or velocity outside its limits goes to the nearest; a
// drum that is none of the three becomes the nearest; left out are notes that are not four numbers or start outside the piece, tracks that
// nobody asked for, and what is beyond twice the number of notes. Without `repair` such an answer is no piece. None is one that lacks a
// track, or half of its notes.
PieceReading read_piece(std::string_view answer, const Form& form, bool repair);

// The name of a line's MIDI file, beside its tracks.
inline constexpr const char* kFileKey = "file";

// The lines of a text that has an object a line, with their numbers from 1 on; none where it is one text, which may have several lines.
std::vector<std::pair<std::size_t, std::string_view>> object_lines(std::string_view text);

// The four tracks of a text, as above but without a form: InputError naming `name`, track and note where one is not fit for a MIDI file.
// What is forgiven is counted.
Tracks read_tracks(std::string_view text, const std::string& name, Counts& forgiven);

}  // namespace midillama::compose
