// A MIDI file as music: notes by instrument, tempo, meter and key changes, in ticks.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
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

// Every time in a score that was read lies in [0, kMaxTick]: the reference (muzic) refuses notes after it.
inline constexpr Tick kMaxTick{(std::int64_t{1} << 31) - 1};

struct Seconds {
  double value = 0;
  auto operator<=>(const Seconds&) const = default;
};

inline constexpr double kDefaultBpm = 120.0;

struct Note {
  Tick start;
  Tick end;                   // ≥ start: files do hold notes of no length, and the reference keeps them
  std::uint8_t pitch = 0;     // 0–127
  std::uint8_t velocity = 0;  // 1–127
  auto operator<=>(const Note&) const = default;
};

struct Instrument {
  std::uint8_t program = 0;  // 0–127
  bool is_drum = false;      // channel 10
  std::string name;          // track name: the file's bytes in whatever encoding they are, cut at 128
  std::vector<Note> notes;   // in the order in which the reference (miditoolkit 0.1.17) lists them: by the event that ends them
  bool operator==(const Instrument&) const = default;
};

struct TempoChange {
  Tick time;
  double bpm = kDefaultBpm;  // quarter notes a minute
  bool operator==(const TempoChange&) const = default;
};

struct TimeSignature {
  Tick time;
  int numerator = 4;    // 1–255
  int denominator = 4;  // a power of two
  bool operator==(const TimeSignature&) const = default;
};

struct KeySignature {
  Tick time;
  int fifths = 0;  // -7 (flats) … 7 (sharps)
  bool minor = false;
  bool operator==(const KeySignature&) const = default;
};

struct Lyric {
  Tick time;
  std::string text;  // the file's bytes in whatever encoding they are
  bool operator==(const Lyric&) const = default;
};

// The division of a file that is timed in film frames instead of beats.
struct SmpteDivision {
  int frames_per_second = 25;  // 24, 25, 29 (stands for 29.97) or 30
  int ticks_per_frame = 40;    // 1–255
  bool operator==(const SmpteDivision&) const = default;
};

struct Score {
  int ticks_per_quarter = 480;
  // Set where the file is timed in frames. A second then counts as a quarter note: `tempos` is 60 BPM (59.94 at 29.97 frames) throughout,
  // whatever tempo events the file holds, so that times in seconds are right; bars and beats mean nothing.
  std::optional<SmpteDivision> smpte;
  std::vector<Instrument> instruments;
  std::vector<TempoChange> tempos;             // strictly increasing times; 120 BPM before the first
  std::vector<TimeSignature> time_signatures;  // strictly increasing times; 4/4 before the first
  std::vector<KeySignature> key_signatures;    // sorted by time
  std::vector<Lyric> lyrics;                   // sorted by time

  std::size_t note_count() const;
  // The end of the last note; 0 where there is none.
  Tick end() const;
  // Time of a tick under the tempo changes, and back (rounded down). To convert many times, make a TempoMap once.
  Seconds to_seconds(Tick tick) const;
  Tick to_tick(Seconds seconds) const;
  bool operator==(const Score&) const = default;
};

// Ticks to seconds and back, in logarithmic time.
class TempoMap {
 public:
  explicit TempoMap(const Score& score);
  Seconds to_seconds(Tick tick) const;
  Tick to_tick(Seconds seconds) const;  // rounded down, within [0, kMaxTick]

 private:
  struct Segment {
    Tick from;
    Seconds begins;
    double seconds_per_tick;
  };
  std::vector<Segment> segments_;
};

// The notes that start in [from, to), cut at `to`, moved so that `from` is tick 0; tempo, meter and key in force at `from` are kept as
// changes at 0. Instruments without such a note are left out.
Score clip(const Score& score, Tick from, Tick to);

// What of a piece is meant, in seconds: all of it by default.
struct Part {
  double start = 0;
  std::optional<double> duration = std::nullopt;  // without: to the end

  bool is_whole() const { return start == 0 && !duration; }
};
Score part_of(const Score& score, const Part& part);

// The ticks at which bars start, from tick 0 up to and including the first one at or after the end of the last note. A meter change inside
// a bar takes effect with the next bar. Error where bars are shorter than a tick or more than a million.
std::vector<Tick> bar_starts(const Score& score);

}  // namespace midillama::midi
