// OctupleMIDI as MusicBERT's preprocessing defines it (muzic, musicbert/preprocess.py): one note is eight codes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "midillama/core/error.h"
#include "midillama/midi/score.h"

namespace midillama::octuple {

inline constexpr int kFields = 8;
inline constexpr int kPositionsPerQuarter = 16;
inline constexpr int kMaxBars = 256;      // of one window
inline constexpr int kMaxNotes = 1000;    // of one window

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

// What the reference refuses: a time signature that changes inside a bar, and the like.
class OctupleError : public Error {
 public:
  using Error::Error;
};

// All notes of a score, sorted. Equal to the reference's MIDI_to_encoding (without its limits on bars and notes).
std::vector<Octuple> encode(const midi::Score& score);

// A score that encodes to the same octuples (program, pitch, bar, position, quantised duration, velocity, meter and tempo).
midi::Score decode(std::span<const Octuple> octuples);

// A part of a piece that the encoder sees at once: at most kMaxNotes notes over at most kMaxBars bars, bars shifted to start at 0.
// Consecutive windows cover every note exactly once.
std::vector<std::vector<Octuple>> windows(std::span<const Octuple> octuples);

}  // namespace midillama::octuple
