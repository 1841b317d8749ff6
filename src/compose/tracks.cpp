#include "midillama/compose/tracks.h"

namespace midillama::compose {

std::size_t count_notes(const Tracks& tracks) {
  std::size_t notes = 0;
  for (const auto& track : tracks) notes += track.size();
  return notes;
}

OrderedJson to_json(const Tracks& tracks) {
  OrderedJson object = OrderedJson::object();
  for (const music::Role role : music::kRoles) {
    OrderedJson& list = object[std::string(music::name_of(role))] = OrderedJson::array();
    for (const Event& event : track_of(tracks, role)) list.push_back({event.pitch, event.duration, event.velocity, event.start});
  }
  return object;
}

void add(Counts& counts, const Counts& more) {
  for (const auto& [what, count] : more) counts[what] += count;
}

}  // namespace midillama::compose
