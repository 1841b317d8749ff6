#include "midillama/compose/answer.h"

#include "midillama/compose/lenient_json.h"
#include "midillama/compose/score.h"
#include "midillama/core/ascii.h"
#include "midillama/core/error.h"
#include "midillama/core/json_reader.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace midillama::compose {
namespace {

using music::Role;

constexpr std::int64_t kEighth = kTicksPerQuarter / 2;
constexpr std::int64_t kMostTicks = std::numeric_limits<std::int32_t>::max() / 2;  // of a start or duration, so that an end fits in a file

// What the schema lets a track's notes be.
struct Part {
  std::int64_t lowest, highest;
  std::vector<std::int64_t> durations;
};
constexpr std::int64_t kSoftest = 40, kLoudest = 120;

const Part& part_of(Role role) {
  static const std::array<Part, 4> parts = {{
      {55, 84, {kEighth, 2 * kEighth, 3 * kEighth, 4 * kEighth}},
      {48, 72, {2 * kEighth, 4 * kEighth}},
      {28, 47, {kEighth, 2 * kEighth, 4 * kEighth}},
      {kDrums.front(), kDrums.back(), {kEighth}},
  }};
  return parts[static_cast<std::size_t>(role)];
}

OrderedJson whole_between(std::int64_t least, std::int64_t most) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}

OrderedJson one_of(const auto& values) {
  return {{"type", "integer"}, {"enum", values}};
}

// Where note `i` of `notes` may start.
std::vector<std::int64_t> starts_of(const Form& form, Role role, std::int64_t i, std::int64_t notes) {
  if (role == Role::chords) return {i * form.bars / notes * form.bar_ticks};
  const std::int64_t first = i * form.ticks() / notes, end = (i + 1) * form.ticks() / notes;
  std::vector<std::int64_t> starts;
  for (std::int64_t start = (first + kEighth - 1) / kEighth * kEighth; start < end; start += kEighth) starts.push_back(start);
  if (starts.empty()) starts.push_back(first);
  return starts;
}

OrderedJson list_of(const OrderedJson& items) {
  return {{"type", "array"}, {"prefixItems", items}, {"minItems", items.size()}, {"maxItems", items.size()}};
}

OrderedJson track_schema(const Form& form, Role role) {
  const Part& part = part_of(role);
  const OrderedJson pitch = role == Role::rhythm ? one_of(kDrums) : whole_between(part.lowest, part.highest);
  const std::int64_t notes = form.notes[static_cast<std::size_t>(role)];
  OrderedJson items = OrderedJson::array();
  for (std::int64_t i = 0; i < notes; ++i)
    items.push_back(list_of({pitch, one_of(part.durations), whole_between(kSoftest, kLoudest), one_of(starts_of(form, role, i, notes))}));
  return list_of(items);
}

// A note as it is written: nothing where it is none.
using WrittenNotes = std::vector<std::optional<Event>>;

// Tracks as they are written, before anything is held against a form.
struct WrittenTracks {
  std::array<std::optional<WrittenNotes>, music::kRoles.size()> tracks;
  std::int64_t others = 0;  // that nobody asked for
};

class TrackReader {
 public:
  explicit TrackReader(Counts& forgiven) : forgiven_(forgiven) {}

  WrittenTracks read(const Json& json) {
    const Json* object = has_tracks(json) ? &json : inner_with_tracks(json);
    if (object != &json) forgive("an object around the tracks");
    WrittenTracks written;
    for (const auto& [name, notes] : object->items()) {
      const auto role = role_of(name);
      if (!role || !notes.is_array() || written.tracks[static_cast<std::size_t>(*role)]) {
        ++written.others;
        continue;
      }
      if (name != music::name_of(*role)) forgive("tracks by other names");
      WrittenNotes& track = written.tracks[static_cast<std::size_t>(*role)].emplace();
      for (const Json& note : notes) track.push_back(event_of(note));
    }
    return written;
  }

 private:
  void forgive(const char* what) { ++forgiven_[what]; }

  static std::optional<Role> role_of(const std::string& written) {
    static const std::map<std::string, Role> others = {{"chord", Role::chords}, {"harmony", Role::chords}, {"bassline", Role::bass},
                                                       {"drums", Role::rhythm}, {"drum", Role::rhythm},    {"percussion", Role::rhythm}};
    const std::string name = lower_ascii(written);
    for (const Role role : music::kRoles)
      if (name == music::name_of(role)) return role;
    const auto found = others.find(name);
    return found == others.end() ? std::nullopt : std::optional(found->second);
  }

  static bool has_tracks(const Json& object) {
    return std::ranges::any_of(object.items(), [](const auto& member) { return role_of(member.key()).has_value(); });
  }

  // The member that has them, which a title and the like may stand beside; the object itself where none has.
  static const Json* inner_with_tracks(const Json& object) {
    const auto inner = std::ranges::find_if(object, [](const Json& member) { return member.is_object() && has_tracks(member); });
    return inner == object.end() ? &object : &*inner;
  }

  std::optional<Event> event_of(const Json& note) {
    if (note.is_object()) return event_of_object(note);
    if (!note.is_array() || note.size() != 4) return std::nullopt;
    return event_of(whole_of(note[0]), whole_of(note[1]), whole_of(note[2]), whole_of(note[3]));
  }

  std::optional<Event> event_of_object(const Json& note) {
    const auto member = [&](std::initializer_list<const char*> names) -> std::optional<std::int64_t> {
      for (const char* name : names)
        if (note.contains(name)) return whole_of(note[name]);
      return std::nullopt;
    };
    forgive("notes as objects");
    return event_of(member({"pitch", "note"}), member({"duration", "length"}), member({"velocity"}),
                    member({"start", "start_time", "time"}));
  }

  static std::optional<Event> event_of(std::optional<std::int64_t> pitch, std::optional<std::int64_t> duration,
                                       std::optional<std::int64_t> velocity, std::optional<std::int64_t> start) {
    if (!pitch || !duration || !velocity || !start) return std::nullopt;
    return Event{.start = *start, .pitch = *pitch, .duration = *duration, .velocity = *velocity};
  }

  std::optional<std::int64_t> whole_of(const Json& value) {
    if (value.is_string()) {
      const Json number = parse_or_discard(value.get_ref<const std::string&>());
      if (!number.is_number()) return std::nullopt;
      forgive("numbers as texts");
      return whole_of(number);
    }
    if (!value.is_number()) return std::nullopt;
    const double number = std::clamp(value.get<double>(), -static_cast<double>(kMostTicks), static_cast<double>(kMostTicks));
    if (value.is_number_float()) forgive("numbers with a fraction");
    return std::llround(number);
  }

  Counts& forgiven_;
};

// Makes a track what the form wants it to be, and counts what that took.
class Repairer {
 public:
  Repairer(const Form& form, Counts& repaired) : form_(form), repaired_(repaired) {}

  std::vector<Event> repair(const WrittenNotes& written, Role role) {
    std::vector<Event> track;
    for (const auto& note : written) {
      if (!note) {
        ++repaired_["notes that are not four numbers"];
      } else if (note->start < 0 || note->start >= form_.ticks()) {
        ++repaired_["starts outside the piece"];
      } else {
        track.push_back(repaired(*note, role));
      }
    }
    std::ranges::sort(track);
    const auto most = static_cast<std::size_t>(2 * form_.notes[static_cast<std::size_t>(role)]);
    if (track.size() > most) {
      repaired_["notes too many"] += static_cast<std::int64_t>(track.size() - most);
      track.resize(most);
    }
    return track;
  }

 private:
  std::int64_t within(std::int64_t value, std::int64_t least, std::int64_t most, const char* what) {
    if (value < least || value > most) ++repaired_[what];
    return std::clamp(value, least, most);
  }

  std::int64_t drum(std::int64_t pitch) {
    const std::int64_t nearest = *std::ranges::min_element(kDrums, {}, [&](std::int64_t one) { return std::abs(one - pitch); });
    if (nearest != pitch) ++repaired_["other drums"];
    return nearest;
  }

  Event repaired(Event event, Role role) {
    event.pitch = role == Role::rhythm ? drum(event.pitch) : within(event.pitch, 0, kMaxPitch, "pitches outside 0 to 127");
    event.velocity = within(event.velocity, kMinVelocity, kMaxVelocity, "velocities outside 1 to 127");
    event.duration = within(event.duration, kMinDuration, kMaxDuration, "durations outside 240 to 960");
    return event;
  }

  const Form& form_;
  Counts& repaired_;
};

// What still keeps the tracks from being a piece.
std::string problem_of(const WrittenTracks& written, const Tracks& tracks, const Form& form) {
  for (const Role role : music::kRoles) {
    if (!written.tracks[static_cast<std::size_t>(role)]) return fmt::format("the track \"{}\" is missing", music::name_of(role));
    const std::int64_t notes = std::ssize(track_of(tracks, role)), wanted = form.notes[static_cast<std::size_t>(role)];
    if (2 * notes < wanted)
      return fmt::format("the track \"{}\" has {} notes that can be used, and {} were asked for", music::name_of(role), notes, wanted);
  }
  return "";
}

void require_playable(const std::optional<Event>& event, const std::string& name, const std::string& place) {
  const bool is_playable = event && event->pitch >= 0 && event->pitch <= kMaxPitch && event->velocity >= kMinVelocity &&
                           event->velocity <= kMaxVelocity && event->duration >= 1 && event->duration < kMostTicks && event->start >= 0 &&
                           event->start < kMostTicks;
  if (!is_playable)
    throw InputError(
        name, place,
        "is no [pitch, duration, velocity, start] with a pitch from 0 to 127, a velocity from 1 to 127, a duration of at least 1 "
        "tick and a start of at least 0");
}

}  // namespace

Form form_of(const config::Compose& config) {
  return {.bars = config.bars,
          .bar_ticks = midi_writer(config.writer).bar_ticks,
          .notes = {config.melody_notes, config.chord_notes, config.bass_notes, config.rhythm_notes}};
}

std::string prompt_of(const Form& form, const std::string& piece, const std::string& mood) {
  return fmt::format(
      "Compose {piece}, {mood} in mood: {bars} bars of 4/4 at 120 BPM, in four tracks. Write it as JSON:\n"
      "{{\"melody\":[[60,480,80,0],...],\"chords\":[...],\"bass\":[...],\"rhythm\":[...]}}\n"
      "A note is [pitch, duration, velocity, start]:\n"
      "pitch: 0 to 127, 60 is middle C; in the rhythm 35 (kick), 38 (snare) or 42 (hi-hat)\n"
      "duration: {shortest} to {longest} ticks; an eighth has 240, a quarter 480, a half note 960; vary them\n"
      "velocity: 1 to 127\n"
      "start: ticks from the beginning, 0 to {last}; a bar has {bar}\n"
      "melody: about {melody} notes, one after another\n"
      "chords: about {chords} notes; those of a chord have the same start\n"
      "bass: about {bass} low notes\n"
      "rhythm: about {rhythm} strokes of drums",
      fmt::arg("piece", piece), fmt::arg("mood", mood), fmt::arg("bars", form.bars), fmt::arg("shortest", kMinDuration),
      fmt::arg("longest", kMaxDuration), fmt::arg("last", form.ticks() - 1), fmt::arg("bar", form.bar_ticks),
      fmt::arg("melody", form.notes[0]), fmt::arg("chords", form.notes[1]), fmt::arg("bass", form.notes[2]),
      fmt::arg("rhythm", form.notes[3]));
}

OrderedJson schema_of(const Form& form) {
  OrderedJson tracks = OrderedJson::object(), names = OrderedJson::array();
  for (const Role role : music::kRoles) {
    names.push_back(music::name_of(role));
    tracks[std::string(music::name_of(role))] = track_schema(form, role);
  }
  return {{"type", "object"}, {"properties", tracks}, {"required", names}, {"additionalProperties", false}};
}

PieceReading read_piece(std::string_view answer, const Form& form, bool repair) {
  PieceReading reading;
  try {
    const WrittenTracks written = TrackReader(reading.forgiven).read(read_lenient_json(answer, reading.forgiven));
    if (written.others > 0) reading.repaired["tracks that nobody asked for"] = written.others;
    Repairer repairer(form, reading.repaired);
    for (const Role role : music::kRoles) {
      if (const auto& notes = written.tracks[static_cast<std::size_t>(role)])
        track_of(reading.tracks, role) = repairer.repair(*notes, role);
    }
    reading.problem = problem_of(written, reading.tracks, form);
    if (reading.is_piece() && !repair && !reading.repaired.empty())
      reading.problem = fmt::format("the answer has {}", reading.repaired.begin()->first);
  } catch (const Error& error) {
    reading.problem = error.what();
  }
  return reading;
}

std::vector<std::pair<std::size_t, std::string_view>> object_lines(std::string_view text) {
  std::vector<std::pair<std::size_t, std::string_view>> lines;
  for (std::size_t number = 1, begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text::strip(text.substr(begin, end - begin));
    begin = end + 1;
    if (line.empty()) continue;
    if (!line.starts_with('{')) return {};
    lines.emplace_back(number, line);
  }
  const bool is_one = lines.size() == 1 && !parse_or_discard(lines.front().second).contains(kFileKey);
  return is_one ? decltype(lines)() : lines;
}

Tracks read_tracks(std::string_view text, const std::string& name, Counts& forgiven) {
  WrittenTracks written;
  try {
    written = TrackReader(forgiven).read(read_lenient_json(text, forgiven));
  } catch (const Error& error) {
    throw InputError(name, "", error.what());
  }
  if (std::ranges::none_of(written.tracks, [](const auto& track) { return track.has_value(); }))
    throw InputError(name, "", "has none of the tracks melody, chords, bass and rhythm");
  Tracks tracks;
  for (const Role role : music::kRoles) {
    const WrittenNotes notes = written.tracks[static_cast<std::size_t>(role)].value_or(WrittenNotes());
    for (std::size_t i = 0; i < notes.size(); ++i) {
      require_playable(notes[i], name, fmt::format("{}[{}]", music::name_of(role), i));
      track_of(tracks, role).push_back(*notes[i]);
    }
    std::ranges::sort(track_of(tracks, role));
  }
  return tracks;
}

}  // namespace midillama::compose
