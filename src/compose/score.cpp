#include "midillama/compose/score.h"

#include "midillama/core/error.h"
#include "midillama/midi/byte_writer.h"
#include "midillama/midi/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace midillama::compose {
namespace {

using midi::Tick;
using music::Role;

constexpr int kElectricBass = 33;
constexpr int kDrumChannel = 9;
constexpr std::array<MidiWriter, 2> kWriters = {{
    {"fixed", kTicksPerBar, fixed_midi},
    {"compatible", kTicksPerBar / 2, compatible_midi},
}};

int program_of(Role role) {
  return role == Role::bass ? kElectricBass : 0;
}

midi::Instrument instrument_of(const std::vector<Event>& track, Role role) {
  midi::Instrument instrument{.program = static_cast<std::uint8_t>(program_of(role)),
                              .is_drum = role == Role::rhythm,
                              .name = std::string(music::name_of(role)),
                              .notes = {}};
  for (const Event& event : track)
    instrument.notes.push_back({Tick{event.start}, Tick{event.start + event.duration}, static_cast<std::uint8_t>(event.pitch),
                                static_cast<std::uint8_t>(event.velocity)});
  return instrument;
}

// Tempo and meter as mido's meta messages have them.
std::vector<std::uint8_t> compatible_head() {
  midi::TrackWriter track;
  track.event(Tick{0}, {0xff, 0x51, 3});
  track.integer(500'000, 3);
  track.event(Tick{0}, {0xff, 0x58, 4, 4, 2, 24, 8});
  return track.finish();
}

std::vector<std::uint8_t> compatible_track(const std::vector<Event>& events, Role role) {
  const int channel = role == Role::rhythm ? kDrumChannel : 0;
  midi::TrackWriter track;
  if (role != Role::rhythm) track.event(Tick{0}, {0xc0, program_of(role)});
  Tick now;
  std::int64_t believed = 0;  // what the script takes for now
  for (const Event& event : events) {
    now = now + Tick{std::max<std::int64_t>(0, event.start - believed)};
    track.event(now, {0x90 | channel, static_cast<int>(event.pitch), static_cast<int>(event.velocity)});
    now = now + Tick{event.duration};
    track.event(now, {0x80 | channel, static_cast<int>(event.pitch), 0});
    believed = event.start + event.duration;
  }
  return track.finish();
}

// The nearest of `parts` parts of a quarter note, in ticks of 480.
std::int64_t on_grid(std::int64_t ticks, std::int64_t ticks_per_quarter, std::int64_t parts) {
  const std::int64_t part = (2 * ticks * parts + ticks_per_quarter) / (2 * ticks_per_quarter);
  return part * (kTicksPerQuarter / parts);
}

}  // namespace

const MidiWriter& midi_writer(const std::string& name) {
  const auto found = std::ranges::find(kWriters, name, &MidiWriter::name);
  if (found == kWriters.end()) throw UsageError(fmt::format("there is no writer \"{}\": there are fixed and compatible", name));
  return *found;
}

std::vector<std::uint8_t> fixed_midi(const Tracks& tracks) {
  midi::Score score{.ticks_per_quarter = static_cast<int>(kTicksPerQuarter),
                    .smpte = {},
                    .instruments = {},
                    .tempos = {{Tick{0}, midi::kDefaultBpm}},
                    .time_signatures = {{Tick{0}, 4, 4}},
                    .key_signatures = {},
                    .lyrics = {}};
  for (const Role role : music::kRoles) score.instruments.push_back(instrument_of(track_of(tracks, role), role));
  return midi::to_midi(score, {0, 1, 2, kDrumChannel});
}

std::vector<std::uint8_t> compatible_midi(const Tracks& tracks) {
  midi::ByteWriter header, file;
  header.integer(1, 2);  // format
  header.integer(1 + music::kRoles.size(), 2);
  header.integer(kTicksPerQuarter, 2);
  file.chunk("MThd", header.take());
  file.chunk("MTrk", compatible_head());
  for (const Role role : music::kRoles) file.chunk("MTrk", compatible_track(track_of(tracks, role), role));
  return file.take();
}

Tracks from_score(const midi::Score& score, std::int64_t parts) {
  if (parts < 1 || kTicksPerQuarter % parts != 0)
    throw UsageError(fmt::format("{} parts of a quarter note: must be a divisor of {}", parts, kTicksPerQuarter));
  const std::vector<Role> roles = music::guess_roles(score);
  Tracks tracks;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    for (const midi::Note& note : score.instruments[i].notes) {
      const auto to_ticks = [&](Tick tick) { return on_grid(tick.value, score.ticks_per_quarter, parts); };
      const std::int64_t duration = std::max(to_ticks(note.end - note.start), kTicksPerQuarter / parts);
      track_of(tracks, roles[i]).push_back({to_ticks(note.start), note.pitch, duration, note.velocity});
    }
  }
  for (auto& track : tracks) std::ranges::sort(track);
  return tracks;
}

}  // namespace midillama::compose
