#include "midillama/midi/byte_writer.h"
#include "midillama/midi/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace midillama::midi {
namespace {

constexpr std::size_t kMaxTracks = INT16_MAX;
constexpr std::size_t kMaxText = 1'000'000;  // the longest that readers take

// Error with the formatted message unless `holds`.
template <typename... Args>
void require(bool holds, fmt::format_string<Args...> what, Args&&... args) {
  if (!holds) throw Error("cannot be written as MIDI: " + fmt::format(what, std::forward<Args>(args)...));
}

void check_time(Tick time) {
  require(time >= Tick{0} && time <= kMaxTick, "tick {}", time.value);
}

void write_tempo(TrackWriter& track, const TempoChange& tempo) {
  const double microseconds = std::round(60 * 1e6 / tempo.bpm);
  require(microseconds >= 1 && microseconds <= 0xffffff, "a tempo of {} BPM", tempo.bpm);
  track.event(tempo.time, {0xff, 0x51, 3});
  track.integer(static_cast<std::uint32_t>(microseconds), 3);
}

void write_meter(TrackWriter& track, const TimeSignature& meter) {
  const bool valid = meter.numerator >= 1 && meter.numerator <= 255 && meter.denominator >= 1 &&
                     std::has_single_bit(static_cast<unsigned>(meter.denominator));
  require(valid, "the time signature {}/{}", meter.numerator, meter.denominator);
  constexpr int kClocksPerClick = 24, kThirtySecondsPerQuarter = 8;
  const int exponent = std::countr_zero(static_cast<unsigned>(meter.denominator));
  track.event(meter.time, {0xff, 0x58, 4, meter.numerator, exponent, kClocksPerClick, kThirtySecondsPerQuarter});
}

void write_key(TrackWriter& track, const KeySignature& key) {
  require(key.fifths >= -7 && key.fifths <= 7, "a key of {} fifths", key.fifths);
  track.event(key.time, {0xff, 0x59, 2, key.fifths, key.minor ? 1 : 0});
}

void write_lyric(TrackWriter& track, const Lyric& lyric) {
  require(lyric.text.size() <= kMaxText, "a lyric of {} bytes", lyric.text.size());
  track.meta(lyric.time, 0x05, lyric.text);
}

// What holds for all instruments, in order of time.
std::vector<std::uint8_t> conductor_track(const Score& score) {
  std::vector<std::pair<Tick, std::function<void(TrackWriter&)>>> events;
  const auto add = [&](const auto& changes, auto write) {
    for (const auto& change : changes) {
      check_time(change.time);
      events.emplace_back(change.time, [&change, write](TrackWriter& track) { write(track, change); });
    }
  };
  add(score.time_signatures, write_meter);
  add(score.key_signatures, write_key);
  if (!score.smpte) add(score.tempos, write_tempo);
  add(score.lyrics, write_lyric);
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  TrackWriter track;
  for (const auto& event : events) event.second(track);
  return track.finish();
}

void check_note(const Note& note) {
  check_time(note.start);
  check_time(note.end);
  const bool valid = note.end >= note.start && note.pitch <= 127 && note.velocity >= 1 && note.velocity <= 127;
  require(valid, "a note of pitch {} and velocity {} from tick {} to {}", note.pitch, note.velocity, note.start.value, note.end.value);
}

// Notes of one pitch in one track end in the order in which they start. Splits the notes into as few tracks as that takes: one for all
// notes that were read from one. Their order is kept.
std::vector<std::vector<Note>> voices(const std::vector<Note>& notes) {
  std::vector<std::size_t> by_start(notes.size());
  std::iota(by_start.begin(), by_start.end(), std::size_t{0});
  std::stable_sort(by_start.begin(), by_start.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(notes[a].start, notes[a].end) < std::pair(notes[b].start, notes[b].end);
  });
  std::vector<std::array<Tick, 128>> last_ends;  // by voice and pitch
  std::vector<std::size_t> voice_of(notes.size());
  for (const std::size_t index : by_start) {
    const Note& note = notes[index];
    const auto voice = std::find_if(last_ends.begin(), last_ends.end(), [&](const auto& ends) { return ends[note.pitch] <= note.end; });
    voice_of[index] = static_cast<std::size_t>(voice - last_ends.begin());
    if (voice == last_ends.end()) last_ends.emplace_back();
    last_ends[voice_of[index]][note.pitch] = note.end;
  }
  std::vector<std::vector<Note>> split(last_ends.size());
  for (std::size_t i = 0; i < notes.size(); ++i) split[voice_of[i]].push_back(notes[i]);
  return split;
}

// One note-on or note-off. At one tick first notes end, in the order of the list, those that last no time being switched on just before;
// then longer ones start, the sooner to end the sooner.
struct NoteEvent {
  Tick time;
  bool starts_longer_note;
  Tick end;  // of the note, where it is a longer one that starts
  std::size_t order;
  bool on;
  std::uint8_t pitch, velocity;
  auto key() const { return std::tuple(time, starts_longer_note, end, order, !on); }
};

std::vector<NoteEvent> note_events(const std::vector<Note>& notes) {
  std::vector<NoteEvent> events;
  events.reserve(2 * notes.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Note& note = notes[i];
    const bool longer = note.end > note.start;
    events.push_back({note.start, longer, longer ? note.end : Tick{}, i, true, note.pitch, note.velocity});
    events.push_back({note.end, false, Tick{}, i, false, note.pitch, 0});
  }
  std::sort(events.begin(), events.end(), [](const NoteEvent& a, const NoteEvent& b) { return a.key() < b.key(); });
  return events;
}

std::vector<std::uint8_t> instrument_track(const Instrument& instrument, const std::vector<Note>& notes, int channel) {
  require(instrument.name.size() <= kMaxText, "a track name of {} bytes", instrument.name.size());
  TrackWriter track;
  if (!instrument.name.empty()) track.meta(Tick{0}, 0x03, instrument.name);
  track.event(Tick{0}, {0xc0 | channel, instrument.program});
  for (const NoteEvent& event : note_events(notes)) {
    track.event(event.time, {(event.on ? 0x90 : 0x80) | channel, event.pitch, event.velocity});
  }
  return track.finish();
}

// Drums play on channel 10 (9 counted from 0), every other program on one of the fifteen others, shared where there are more.
class Channels {
 public:
  int of(const Instrument& instrument) {
    if (instrument.is_drum) return 9;
    const auto [entry, added] = of_program_.try_emplace(instrument.program, next_);
    if (added) next_ = next_ == 8 ? 10 : (next_ + 1) % 16;
    return entry->second;
  }

 private:
  std::map<int, int> of_program_;
  int next_ = 0;
};

std::vector<std::uint8_t> header(const Score& score, std::size_t tracks) {
  require(tracks <= kMaxTracks, "{} tracks", tracks);
  require(score.ticks_per_quarter >= 1 && score.ticks_per_quarter <= INT16_MAX, "{} ticks a quarter note", score.ticks_per_quarter);
  ByteWriter data;
  data.integer(1, 2);
  data.integer(static_cast<std::uint32_t>(tracks), 2);
  if (score.smpte) {
    data.bytes({-score.smpte->frames_per_second, score.smpte->ticks_per_frame});
  } else {
    data.integer(static_cast<std::uint32_t>(score.ticks_per_quarter), 2);
  }
  return data.take();
}

}  // namespace

std::vector<std::uint8_t> to_midi(const Score& score) {
  Channels channels;
  std::vector<int> chosen;
  for (const Instrument& instrument : score.instruments) chosen.push_back(channels.of(instrument));
  return to_midi(score, chosen);
}

std::vector<std::uint8_t> to_midi(const Score& score, const std::vector<int>& channels) {
  require(channels.size() == score.instruments.size(), "{} instruments on {} channels", score.instruments.size(), channels.size());
  std::vector<std::vector<std::uint8_t>> tracks = {conductor_track(score)};
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const Instrument& instrument = score.instruments[i];
    require(instrument.program <= 127, "program {}", instrument.program);
    require(channels[i] >= 0 && channels[i] <= 15 && (channels[i] == 9) == instrument.is_drum, "channel {}", channels[i]);
    std::for_each(instrument.notes.begin(), instrument.notes.end(), check_note);
    for (const auto& notes : voices(instrument.notes)) tracks.push_back(instrument_track(instrument, notes, channels[i]));
  }
  ByteWriter file;
  file.chunk("MThd", header(score, tracks.size()));
  for (const auto& track : tracks) file.chunk("MTrk", track);
  return file.take();
}

}  // namespace midillama::midi
