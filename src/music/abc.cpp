#include "midillama/core/error.h"
#include "midillama/music/clip_text.h"
#include "midillama/music/quantize.h"
#include "music/abc_lengths.h"
#include "music/abc_pitch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <span>
#include <utility>

namespace midillama::music {
namespace {

constexpr std::size_t kMeasuresOfALine = 4;
constexpr std::size_t kMostMeasures = 1'000'000;  // of all voices together
constexpr int kUnits[] = {8, 16, 4};              // that L: may be, as parts of a whole note

// Notes of one instrument that begin and end together.
struct Chord {
  std::int64_t start;
  std::int64_t end;
  std::vector<int> pitches;  // rising
};

// Chords that do not overlap, in order.
struct Voice {
  const GridInstrument* instrument;
  std::vector<Chord> chords;
};

std::vector<Chord> chords_of(const GridInstrument& instrument) {
  std::vector<Chord> chords;
  for (const GridNote& note : instrument.notes) {
    if (chords.empty() || chords.back().start != note.start || chords.back().end != note.end) chords.push_back({note.start, note.end, {}});
    chords.back().pitches.push_back(note.pitch);
  }
  return chords;
}

// As few voices as it takes. A chord goes to the voice that is silent for the shortest time before it, and of equal ones to that whose last
// chord is nearest in pitch.
std::vector<Voice> voices_of(const GridInstrument& instrument) {
  std::vector<Voice> voices;
  for (Chord& chord : chords_of(instrument)) {
    Voice* best = nullptr;
    std::pair<std::int64_t, int> least;
    for (Voice& voice : voices) {
      const Chord& last = voice.chords.back();
      const std::pair distance(chord.start - last.end, std::abs(chord.pitches.back() - last.pitches.back()));
      if (distance.first < 0 || (best != nullptr && distance >= least)) continue;
      best = &voice;
      least = distance;
    }
    if (best == nullptr) best = &voices.emplace_back(Voice{&instrument, {}});
    best->chords.push_back(std::move(chord));
  }
  return voices;
}

std::vector<Voice> voices_of(const GridClip& clip) {
  std::vector<Voice> voices;
  for (const GridInstrument& instrument : clip.instruments) {
    for (Voice& voice : voices_of(instrument)) voices.push_back(std::move(voice));
  }
  return voices;
}

// Measures of a voice: events one after the other, rests between the chords, chords cut at bar lines.
class Events {
 public:
  Events(const GridClip& clip, const Voice& voice) : clip_(clip), voice_(voice) {}

  // Of the next measure; without the rest at its end where it is the voice's last.
  std::vector<AbcEvent> next() {
    const Measure& measure = clip_.measures[measure_++];
    std::vector<AbcEvent> events;
    std::int64_t time = measure.start;
    const auto add = [&](std::int64_t end, const std::vector<int>& pitches, bool is_tied) {
      if (end > time) events.push_back({end - time, pitches, is_tied});
      time = end;
    };
    for (; chord_ < voice_.chords.size() && voice_.chords[chord_].start < measure.end; ++chord_) {
      const Chord& chord = voice_.chords[chord_];
      add(std::max(time, chord.start), {}, false);
      add(std::min(chord.end, measure.end), chord.pitches, chord.end > measure.end);
      if (chord.end > measure.end) return events;
    }
    if (!is_done()) add(measure.end, {}, false);
    return events;
  }

  bool is_done() const { return chord_ == voice_.chords.size(); }

 private:
  const GridClip& clip_;
  const Voice& voice_;
  std::size_t measure_ = 0, chord_ = 0;
};

std::string meter_text(const Measure& measure) {
  return measure.meter ? fmt::format("{}/{}", measure.meter->numerator, measure.meter->denominator) : "none";
}

std::string tempo_text(const Measure& measure) {
  return fmt::format("1/4={}", measure.tempo);
}

// Writes a clip with one L:.
class Writer {
 public:
  Writer(const GridClip& clip, std::span<const Voice> voices, int sharps, int unit)
      : clip_(clip), voices_(voices), sharps_(sharps), unit_(unit) {}

  Notation write() const {
    const Measure& first = clip_.measures.front();
    Notation notation{
        .head = fmt::format("X:1\nM:{}\nL:1/{}\nQ:{}\nK:{}\n", meter_text(first), unit_, tempo_text(first), key_name(sharps_)),
        .voices = {},
        .between_voices = "\n"};
    for (const Voice& voice : voices_) notation.voices.push_back(written(voice));
    write_tempos(notation);
    return notation;
  }

 private:
  Notation::Voice written(const Voice& voice) const {
    Notation::Voice text{.head = head_of(voice), .measures = {}};
    Events events(clip_, voice);
    AbcSpeller speller(sharps_);
    while (!events.is_done()) {
      speller.begin_measure();
      const std::size_t number = text.measures.size();
      const auto of_measure = events.next();
      text.measures.push_back(line_start(number) + new_meter(number) + write_events(of_measure, speller, clip_.parts, unit_) + "|");
      if (text.silent == number && std::ranges::all_of(of_measure, &AbcEvent::is_rest)) ++text.silent;
    }
    return text;
  }

  std::string head_of(const Voice& voice) const {
    std::string head;
    if (voices_.size() > 1) head += fmt::format("V:{}\n", &voice - voices_.data() + 1);
    if (voice.instrument->is_drum) return head + "%%MIDI channel 10\n";
    if (voice.instrument->program > 0) head += fmt::format("%%MIDI program {}\n", voice.instrument->program);
    return head;
  }

  static std::string line_start(std::size_t measure) { return measure > 0 && measure % kMeasuresOfALine == 0 ? "\n" : ""; }

  std::string new_meter(std::size_t measure) const {
    if (measure == 0) return "";
    const std::string meter = meter_text(clip_.measures[measure]);
    return meter == meter_text(clip_.measures[measure - 1]) ? "" : fmt::format("[M:{}]", meter);
  }

  // One voice says them, one that is as long as any.
  void write_tempos(Notation& notation) const {
    const auto longest = std::ranges::max_element(notation.voices, {}, [](const Notation::Voice& voice) { return voice.measures.size(); });
    for (std::size_t i = 1; i < longest->measures.size(); ++i) {
      if (clip_.measures[i].tempo == clip_.measures[i - 1].tempo) continue;
      longest->measures[i].insert(line_start(i).size(), fmt::format("[Q:{}]", tempo_text(clip_.measures[i])));
    }
  }

  const GridClip& clip_;
  std::span<const Voice> voices_;
  int sharps_;
  int unit_;
};

}  // namespace

Notation abc(const midi::Score& clip, const WritingOptions& options) {
  const GridClip grid = quantize(clip, options.grid);
  const auto voices = voices_of(grid);
  if (voices.size() * grid.measures.size() > kMostMeasures)
    throw Error(fmt::format("{} voices of {} measures are too much to write down", voices.size(), grid.measures.size()));
  Notation shortest;
  std::size_t length = std::numeric_limits<std::size_t>::max();
  const int sharps = fewest_accidentals(grid);
  for (const int unit : kUnits) {
    if (voices.empty()) break;
    Notation notation = Writer(grid, voices, sharps, unit).write();
    if (const std::size_t size = notation.text().size(); size < length) {
      shortest = std::move(notation);
      length = size;
    }
  }
  shortest.notes = static_cast<std::int64_t>(clip.note_count());
  shortest.lost_notes = grid.lost_notes;
  return shortest;
}

}  // namespace midillama::music
