// Standard MIDI Files: formats 0, 1 and 2, running status, SMPTE division.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "midillama/core/error.h"
#include "midillama/midi/score.h"

namespace midillama::midi {

// A malformed file: names the file and the byte offset.
class MidiError : public InputError {
 public:
  MidiError(const std::string& file, std::size_t offset, const std::string& what);
};

// Notes are paired as mido and miditoolkit 0.1.17 pair them: a note-off closes every open note of its channel and pitch that started earlier.
// A truncated last track is read as far as it goes, with a logged warning. `name` stands for the file in errors.
Score read_midi(const std::filesystem::path& path);
Score parse_midi(std::span<const std::uint8_t> bytes, const std::string& name);

// A format 1 file: one track of tempo, meter and key, then one track an instrument.
std::vector<std::uint8_t> to_midi(const Score& score);
void write_midi(const Score& score, const std::filesystem::path& path);

}  // namespace midillama::midi
