#include "midillama/midi/file.h"

#include "cursor.h"
#include "midillama/core/file.h"
#include "midillama/core/file_parts.h"
#include "midillama/core/log.h"
#include "track_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace midillama::midi {
namespace {

struct Header {
  std::uint32_t format = 0;
  int tracks = 0;
  int ticks_per_quarter = 0;
  std::optional<SmpteDivision> smpte;
};

constexpr std::string_view kBeginning = "MThd";
constexpr const char* kOtherBeginning = "no MIDI file: it does not start with \"MThd\"";
constexpr std::size_t kChunkHeader = 8;  // type and length
constexpr std::size_t kHeaderData = 6;   // format, tracks and division

bool starts_with(const Cursor& cursor, std::string_view type) {
  if (cursor.remaining() < type.size()) return false;
  Cursor ahead = cursor;
  const auto bytes = ahead.take(type.size());
  return std::equal(bytes.begin(), bytes.end(), type.begin());
}

void read_division(Cursor& cursor, Header& header) {
  const std::size_t offset = cursor.offset();
  const auto division = static_cast<std::int16_t>(cursor.integer(2));
  if (division == 0) cursor.fail(offset, "0 ticks a quarter note");
  if (division > 0) {
    header.ticks_per_quarter = division;
    return;
  }
  const int frames = -(division >> 8);
  const int ticks = division & 0xff;
  const bool known = frames == 24 || frames == 25 || frames == 29 || frames == 30;
  if (!known || ticks == 0) cursor.fail(offset, fmt::format("an SMPTE division of {} frames a second and {} ticks a frame", frames, ticks));
  header.smpte = SmpteDivision{frames, ticks};
  header.ticks_per_quarter = (frames == 29 ? 30 : frames) * ticks;
}

Header read_header(Cursor& file) {
  if (file.remaining() < kChunkHeader + kHeaderData) file.fail(0, "too short for a MIDI file");
  if (!starts_with(file, kBeginning)) file.fail(0, kOtherBeginning);
  file.take(4);
  const std::uint32_t length = file.integer(4);
  if (length < kHeaderData) file.fail(4, fmt::format("a header of {} bytes, at least {} are due", length, kHeaderData));
  Cursor data = file.split(length);
  Header header;
  header.format = data.integer(2);
  header.tracks = static_cast<int>(data.integer(2));
  if (header.tracks == 0 || header.tracks > INT16_MAX) data.fail(10, fmt::format("a header that promises {} tracks", header.tracks));
  read_division(data, header);
  return header;
}

// The data of the next track chunk.
Cursor next_track(Cursor& file, int index, int count) {
  const std::size_t offset = file.offset();
  if (file.remaining() < kChunkHeader) file.fail(offset, fmt::format("the file ends before track {} of {}", index + 1, count));
  if (!starts_with(file, "MTrk")) file.fail(offset, fmt::format("track {} of {} does not start with \"MTrk\"", index + 1, count));
  file.take(4);
  const std::uint32_t length = file.integer(4);
  Cursor chunk = file.split(length);
  if (chunk.cut_short() && index + 1 < count) {
    file.fail(offset, fmt::format("the chunk of track {} of {} is longer than the file", index + 1, count));
  }
  return chunk;
}

void read_track(Cursor chunk, ScoreBuilder& builder, const Warn& warn) {
  TrackReader reader(chunk, builder);
  try {
    reader.read();
  } catch (const CutShort&) {
    // Only a last track can be cut short: next_track() refuses others.
  }
  if (reader.count() == 0) chunk.fail(chunk.offset(), "a track without events");
  if (chunk.cut_short()) warn(fmt::format("the last track is truncated; read up to the end of the file ({} events)", reader.count()));
}

bool separates_tracks(const Header& header) {
  return header.format == 2 && header.tracks > 1;
}

void warn_of_format(const Header& header, const Warn& warn) {
  if (header.format > 2) warn(fmt::format("format {} is unknown, read as format 1", header.format));
  if (separates_tracks(header))
    warn(fmt::format("format 2: its {} tracks, patterns of their own, are read as if they sounded together", header.tracks));
}

// Tempo events of a file timed in frames have no effect on its times.
void time_by_frames(Score& score, const SmpteDivision& smpte) {
  score.smpte = smpte;
  score.tempos = {{Tick{0}, smpte.frames_per_second == 29 ? 60.0 * 1000 / 1001 : 60.0}};
}

Performance parse(std::span<const std::uint8_t> bytes, const std::string& name, const Warn& given_warn, bool keeps_pedal) {
  const Warn warn = given_warn ? given_warn : [&name](const std::string& what) { log::warning("{}: {}", name, what); };
  Cursor file(bytes, name);
  const Header header = read_header(file);
  warn_of_format(header, warn);
  ScoreBuilder builder(keeps_pedal);
  for (int track = 0; track < header.tracks; ++track) read_track(next_track(file, track, header.tracks), builder, warn);
  if (starts_with(file, "MTrk"))
    warn(fmt::format("more tracks follow than the {} that its header names: their notes are left out", header.tracks));
  Score score = builder.finish();
  if (const auto notes = builder.notes_without_end(); notes > 0)
    warn(fmt::format("{} that nothing ends: left out", notes == 1 ? "a note" : fmt::format("{} notes", notes)));
  score.ticks_per_quarter = header.ticks_per_quarter;
  if (header.smpte) time_by_frames(score, *header.smpte);
  return {std::move(score), builder.take_pedal()};
}

}  // namespace

MidiError::MidiError(const std::string& file, std::size_t offset, const std::string& what)
    : InputError(file, fmt::format("offset 0x{:x}", offset), what) {}

Score parse_midi(std::span<const std::uint8_t> bytes, const std::string& name, const Warn& warn) {
  return parse(bytes, name, warn, false).score;
}

Performance parse_performance(std::span<const std::uint8_t> bytes, const std::string& name, const Warn& warn) {
  return parse(bytes, name, warn, true);
}

bool has_separate_patterns(std::span<const std::uint8_t> bytes) {
  const std::string name;
  Cursor file(bytes, name);
  try {
    return separates_tracks(read_header(file));
  } catch (const MidiError&) {
    return false;  // parse_midi() says what is wrong
  }
}

std::vector<std::uint8_t> read_midi_bytes(const std::filesystem::path& path, const std::string& name) {
  std::vector<std::uint8_t> bytes;
  for_each_part(path, kLargestFile, [&](std::string_view part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    const auto known = static_cast<std::ptrdiff_t>(std::min(bytes.size(), kBeginning.size()));
    if (!std::equal(bytes.begin(), bytes.begin() + known, kBeginning.begin())) throw MidiError(name, 0, kOtherBeginning);
  });
  return bytes;
}

Score read_midi(const std::filesystem::path& path) {
  return parse_midi(read_midi_bytes(path, path.string()), path.string());
}

void write_midi(const Score& score, const std::filesystem::path& path) {
  const auto bytes = to_midi(score);
  write_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace midillama::midi
