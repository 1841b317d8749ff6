// A piece as language models write it (Shin & Kaneko 2025): four tracks of notes in ticks, as JSON
//
//   {"melody":[[pitch,duration,velocity,start],…],"chords":[…],"bass":[…],"rhythm":[…]}
//
// A quarter note has 480 ticks; meter and tempo are always 4/4 and 120 BPM.
#pragma once

#include "midillama/core/file.h"
#include "midillama/music/roles.h"

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace midillama::compose {

inline constexpr std::int64_t kTicksPerQuarter = 480;
inline constexpr std::int64_t kTicksPerBar = 4 * kTicksPerQuarter;

struct Event {
  std::int64_t start = 0;  // ticks
  std::int64_t pitch = 0;
  std::int64_t duration = 0;  // ticks
  std::int64_t velocity = 0;
  auto operator<=>(const Event&) const = default;
};

// By music::Role: melody, chords, bass, rhythm. The notes of each are sorted.
using Tracks = std::array<std::vector<Event>, music::kRoles.size()>;

inline std::vector<Event>& track_of(Tracks& tracks, music::Role role) {
  return tracks[static_cast<std::size_t>(role)];
}
inline const std::vector<Event>& track_of(const Tracks& tracks, music::Role role) {
  return tracks[static_cast<std::size_t>(role)];
}

std::size_t count_notes(const Tracks& tracks);

OrderedJson to_json(const Tracks& tracks);

// How often something was done, by what was done.
using Counts = std::map<std::string, std::int64_t>;
void add(Counts& counts, const Counts& more);

}  // namespace midillama::compose
