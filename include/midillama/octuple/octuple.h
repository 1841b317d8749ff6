// OctupleMIDI as MusicBERT's preprocessing defines it (muzic, musicbert/preprocess.py): one note is eight codes.
#pragma once

#include "midillama/core/error.h"
#include "midillama/midi/score.h"

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::octuple {

inline constexpr int kFields = 8;
inline constexpr int kPositionsPerQuarter = 16;
inline constexpr int kMaxBars = 256;    // of one window
inline constexpr int kMaxNotes = 1000;  // of one window

// Field codes, not ids. Ordered as the reference sorts: field by field.
struct Octuple {
  int bar = 0;             // 0 …; whole files keep numbers beyond 255
  int position = 0;        // in the bar, sixteenths of a quarter note
  int program = 0;         // 0–127, 128: drums
  int pitch = 0;           // 0–127, drums + 128
  int duration = 0;        // code 0–127
  int velocity = 0;        // code 0–31
  int time_signature = 0;  // code 0–253
  int tempo = 0;           // code 0–48
  auto operator<=>(const Octuple&) const = default;
  std::array<int, kFields> codes() const { return {bar, position, program, pitch, duration, velocity, time_signature, tempo}; }
};

// What the reference refuses: meters that octuples cannot express, files timed in SMPTE frames; and octuples or ids that stand for nothing.
class OctupleError : public Error {
 public:
  using Error::Error;
};

// The reference's timeline ends here, in sixteenths of a quarter note: 1,024 bars of 4/4.
inline constexpr int kMaxPositions = 1 << 16;

// All notes of a score, sorted. Equal to the reference's MIDI_to_encoding, that is:
// - notes that start at position kMaxPositions or later are left out, with a logged warning that begins with `name`;
// - a bar keeps the length it has by the meter in force at its start; the field `time_signature` is the meter in force at the note.
// OctupleError where the reference refuses the file.
std::vector<Octuple> encode(const midi::Score& score, const std::string& name = "");
// What is wrong with a score that has notes and no octuples.
inline constexpr const char* kNoneIsLeft = "has notes behind OctupleMIDI's last position only (quarter note 4096)";
// How many notes encode() leaves out. OctupleError as there.
std::size_t count_left_out(const midi::Score& score);

// A score of 480 ticks a quarter note, as the reference's encoding_to_MIDI makes it: one instrument a program, in the order of their codes;
// lengths and velocities in the middle of their steps. It encodes to the same octuples where all notes of a bar have one meter (else the
// bar gets the most frequent, of equals the smallest code). OctupleError for codes out of range.
midi::Score decode(std::span<const Octuple> octuples);

// A part of a piece that the encoder sees at once: at most kMaxNotes notes over at most kMaxBars bars, bars shifted to start at 0.
// Consecutive windows cover every note exactly once; each takes as many as it can. The octuples must be sorted. Where an encoder takes
// fewer notes than kMaxNotes, each window is cut into parts of at most `max_notes`, whose bars start at 0 again.
std::vector<std::vector<Octuple>> windows(std::span<const Octuple> octuples, std::size_t max_notes = kMaxNotes);

}  // namespace midillama::octuple
