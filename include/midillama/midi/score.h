// A MIDI file as music: notes by instrument, tempo, meter and key changes, in ticks.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace midillama::midi {

// A point or length in MIDI ticks. A strong type: ticks, positions, bars and seconds do not mix.
struct Tick {
  std::int64_t value = 0;
  auto operator<=>(const Tick&) const = default;
  friend Tick operator+(Tick a, Tick b) { return {a.value + b.value}; }
  friend Tick operator-(Tick a, Tick b) { return {a.value - b.value}; }
};

struct Seconds {
  double value = 0;
  auto operator<=>(const Seconds&) const = default;
};

struct Note {
  Tick start;
  Tick end;                   // > start
  std::uint8_t pitch = 0;     // 0–127
  std::uint8_t velocity = 0;  // 1–127
  auto operator<=>(const Note&) const = default;
};

struct Instrument {
  std::uint8_t program = 0;  // 0–127
  bool is_drum = false;      // channel 10
  std::string name;          // track name, as in the file
  std::vector<Note> notes;   // in the order in which the reference (miditoolkit 0.1.17) lists them
};

struct TempoChange {
  Tick time;
  double bpm = 120.0;  // quarter notes a minute
};

struct TimeSignature {
  Tick time;
  int numerator = 4;
  int denominator = 4;
};

struct KeySignature {
  Tick time;
  int fifths = 0;     // -7 (flats) … 7 (sharps)
  bool minor = false;
};

struct Lyric {
  Tick time;
  std::string text;
};

struct Score {
  int ticks_per_quarter = 480;
  std::vector<Instrument> instruments;
  std::vector<TempoChange> tempos;                // sorted by time; empty: 120 BPM
  std::vector<TimeSignature> time_signatures;     // sorted by time; empty: 4/4
  std::vector<KeySignature> key_signatures;
  std::vector<Lyric> lyrics;

  std::size_t note_count() const;
  // The end of the last note; 0 where there is none.
  Tick end() const;
  // Time of a tick under the tempo changes, and back (rounded down).
  Seconds to_seconds(Tick tick) const;
  Tick to_tick(Seconds seconds) const;
};

// The notes that start in [from, to), cut at `to`, moved so that `from` is tick 0; tempo, meter and key in force at `from` are kept as changes at 0.
Score clip(const Score& score, Tick from, Tick to);

// The ticks at which bars start, from tick 0 up to and including the first one at or behind the end of the last note.
std::vector<Tick> bar_starts(const Score& score);

}  // namespace midillama::midi
