// Standard MIDI Files: formats 0, 1 and 2, running status, SMPTE division.
//
// What is accepted and how notes are paired follows mido 1.3 and miditoolkit 0.1.17, which MusicBERT's preprocessing reads files with:
// - a note-off ends the oldest open note of its track, channel and pitch; without one it means nothing; a note that nothing ends is
// left out, with a warning;
// - a note belongs to the instrument (track, channel, program at the moment of its end);
// - events after an end-of-track event are read as long as the track chunk lasts;
// - events with values out of their range (data bytes above 127, numerator 0, tempo 0, unknown keys, …) make the file malformed.
// It goes beyond them in one thing: a last track that is cut short is read as far as it goes, with a warning.
#pragma once

#include "midillama/core/error.h"
#include "midillama/midi/score.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace midillama::midi {

// A malformed file: names the file and the byte offset.
class MidiError : public InputError {
 public:
  MidiError(const std::string& file, std::size_t offset, const std::string& what);
};

// Told of each thing that is read otherwise than the file says, or left out: a line without the file's name.
using Warn = std::function<void(const std::string& what)>;

// No file is read that has more bytes: those of music have some ten thousand, and the longest known some ten million.
inline constexpr std::size_t kLargestFile = 256 << 20;

// A file's bytes; "-" is standard input. What does not begin as a MIDI file does is refused (MidiError) after its first bytes, and what is
// longer than kLargestFile (InputError) where that shows: nothing without end comes into memory.
std::vector<std::uint8_t> read_midi_bytes(const std::filesystem::path& path, const std::string& name);

Score read_midi(const std::filesystem::path& path);
// `name` is the file's name in errors and, without `warn`, in the log's warnings.
Score parse_midi(std::span<const std::uint8_t> bytes, const std::string& name, const Warn& warn = nullptr);

// The sustain pedal (controller 64) goes down or up.
struct PedalChange {
  Tick time;
  int channel = 0;  // 0–15
  bool is_down = false;
};

// A file with what no Score holds, for OctupleMIDI and its reference do not know it.
struct Performance {
  Score score;
  std::vector<PedalChange> pedal;  // sorted by time
};
Performance parse_performance(std::span<const std::uint8_t> bytes, const std::string& name, const Warn& warn = nullptr);

// Whether it is a file of format 2 with several tracks, which are patterns of their own. parse_midi() reads them as the reference does, as
// if they sounded together, and warns.
bool has_separate_patterns(std::span<const std::uint8_t> bytes);

// A format 1 file: one track of tempo, meter, key and lyrics, then the instruments. An instrument has one track, or as many as it takes to
// keep notes of one pitch apart that overlap so that MIDI cannot tell their ends. parse_midi(to_midi(score)) has the notes of `score`; it
// equals a `score` that was read. Error where a value has no place in a MIDI file (pitch above 127, meter 5/3, …).
std::vector<std::uint8_t> to_midi(const Score& score);
// The same with each instrument on a channel of one's choice (0–15, drums on 9): by itself, instruments of one program share theirs.
std::vector<std::uint8_t> to_midi(const Score& score, const std::vector<int>& channels);
void write_midi(const Score& score, const std::filesystem::path& path);

}  // namespace midillama::midi
