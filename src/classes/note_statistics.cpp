#include "midillama/classes/note_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

namespace midillama::classes {
namespace {

struct NoteValue {
  const char* name;
  double quarters;
};
constexpr NoteValue kNoteValues[] = {{"1/8", 1. / 8}, {"1/6", 1. / 6}, {"1/4", 1. / 4}, {"1/3", 1. / 3}, {"3/8", 3. / 8},
                                     {"1/2", 1. / 2}, {"2/3", 2. / 3}, {"3/4", 3. / 4}, {"1", 1},        {"3/2", 3. / 2},
                                     {"2", 2},        {"3", 3},        {"4", 4}};
constexpr std::size_t kSteps = 13;                                 // 0 to 12 semitones and more
constexpr std::size_t kPlaces = 12;                                // in a quarter note
constexpr std::size_t kFamilies = 16;                              // of programs
constexpr std::int64_t kGrid = 4;                                  // of the autocorrelation, in parts of a quarter note
constexpr std::int64_t kLags[] = {2, 3, 4, 6, 8, 12, 16, 24, 32};  // on the grid

// A note in quarter notes.
struct Timed {
  double start = 0;
  double length = 0;
  int pitch = 0;
  int velocity = 0;
};

struct Part {
  const midi::Instrument* instrument;
  std::vector<Timed> notes;  // by start and pitch
};

std::vector<Part> parts_of(const midi::Score& score, std::int64_t quarters) {
  std::optional<midi::Tick> first;
  for (const midi::Instrument& instrument : score.instruments) {
    for (const midi::Note& note : instrument.notes) first = first ? std::min(*first, note.start) : note.start;
  }
  const auto in_quarters = [&](midi::Tick tick) { return static_cast<double>(tick.value) / score.ticks_per_quarter; };
  std::vector<Part> parts;
  for (const midi::Instrument& instrument : score.instruments) {
    Part part{&instrument, {}};
    for (const midi::Note& note : instrument.notes) {
      if (in_quarters(note.start - *first) >= static_cast<double>(quarters)) continue;
      part.notes.push_back({in_quarters(note.start), in_quarters(note.end - note.start), note.pitch, note.velocity});
    }
    std::ranges::sort(part.notes, {}, [](const Timed& note) { return std::pair(note.start, note.pitch); });
    if (!part.notes.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

std::size_t nearest_note_value(double quarters) {
  const double length = std::log(std::max(quarters, 1e-3));
  const auto distance = [&](const NoteValue& value) { return std::abs(length - std::log(value.quarters)); };
  return static_cast<std::size_t>(std::ranges::min_element(kNoteValues, {}, distance) - std::begin(kNoteValues));
}

// Things counted by kind.
class Shares {
 public:
  explicit Shares(std::size_t kinds) : counts_(kinds) {}
  void add(std::size_t kind) { ++counts_[kind]; }
  double share(std::size_t kind) const {
    const double all = std::accumulate(counts_.begin(), counts_.end(), 0.);
    return all > 0 ? counts_[kind] / all : 0;
  }
  std::size_t size() const { return counts_.size(); }

 private:
  std::vector<double> counts_;
};

struct Spread {
  double mean = 0, deviation = 0, lowest = 0, highest = 0;
};

Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  Spread spread{.lowest = std::ranges::min(values), .highest = std::ranges::max(values)};
  const auto count = static_cast<double>(values.size());
  spread.mean = std::accumulate(values.begin(), values.end(), 0.) / count;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / count);
  return spread;
}

class Statistics {
 public:
  Statistics(const midi::Score& score, std::int64_t quarters) : parts_(parts_of(score, quarters)) {
    for (const Part& part : parts_) {
      for (const Timed& note : part.notes) {
        starts_.push_back(note.start);
        end_ = std::max(end_, note.start + note.length);
      }
    }
    std::ranges::sort(starts_);
  }

  std::vector<Statistic> all() {
    count_pitches();
    count_times();
    count_repetitions();
    count_instruments();
    return std::move(found_);
  }

 private:
  void add(std::string name, double value) { found_.push_back({std::move(name), value}); }
  void add_numbered(const char* what, const Shares& shares) {
    for (std::size_t i = 0; i < shares.size(); ++i) add(fmt::format("{} {}", what, i), shares.share(i));
  }
  void add_note_values(const char* what, const Shares& shares) {
    for (std::size_t i = 0; i < shares.size(); ++i) add(fmt::format("{} {}", what, kNoteValues[i].name), shares.share(i));
  }

  void count_pitches() {
    Shares classes(12), steps(kSteps), families(kFamilies);
    std::vector<double> pitches;
    for (const Part& part : parts_) {
      if (part.instrument->is_drum) continue;
      for (std::size_t i = 0; i < part.notes.size(); ++i) {
        const int pitch = part.notes[i].pitch;
        classes.add(static_cast<std::size_t>(pitch % 12));
        families.add(part.instrument->program / 8);
        pitches.push_back(pitch);
        if (i > 0) steps.add(std::min<std::size_t>(kSteps - 1, static_cast<std::size_t>(std::abs(pitch - part.notes[i - 1].pitch))));
      }
    }
    add_numbered("pitch class", classes);
    add_numbered("step", steps);
    const Spread spread = spread_of(pitches);
    add("lowest pitch", spread.lowest);
    add("highest pitch", spread.highest);
    add("mean pitch", spread.mean);
    add("deviation of pitch", spread.deviation);
    add_numbered("family", families);
  }

  void count_times() {
    Shares lengths(std::size(kNoteValues)), distances(std::size(kNoteValues)), places(kPlaces);
    std::vector<double> velocities;
    double sounding = 0;
    for (const Part& part : parts_) {
      for (const Timed& note : part.notes) {
        lengths.add(nearest_note_value(note.length));
        places.add(static_cast<std::size_t>(std::llround((note.start - std::floor(note.start)) * kPlaces)) % kPlaces);
        velocities.push_back(note.velocity);
        sounding += note.length;
      }
    }
    for (std::size_t i = 1; i < starts_.size(); ++i) {
      if (starts_[i] > starts_[i - 1]) distances.add(nearest_note_value(starts_[i] - starts_[i - 1]));
    }
    add_note_values("length", lengths);
    add_note_values("distance", distances);
    add_numbered("place", places);
    const double time = starts_.empty() ? 0 : end_ - starts_.front();
    add("notes a quarter", time > 0 ? static_cast<double>(starts_.size()) / time : 0);
    add("notes together", time > 0 ? sounding / time : 0);
    const Spread spread = spread_of(velocities);
    add("mean velocity", spread.mean);
    add("deviation of velocity", spread.deviation);
  }

  void count_repetitions() {
    std::vector<double> weights;  // the lengths of the notes that begin at each place of the grid
    for (const Part& part : parts_) {
      for (const Timed& note : part.notes) {
        const auto place = static_cast<std::size_t>(std::llround((note.start - starts_.front()) * kGrid));
        weights.resize(std::max(weights.size(), place + 1));
        weights[place] += note.length;
      }
    }
    const double mean = spread_of(weights).mean;
    for (double& weight : weights) weight -= mean;
    const double power = std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.);
    for (const std::int64_t lag : kLags) {
      const auto shift = std::min(weights.size(), static_cast<std::size_t>(lag));
      const double product = std::inner_product(weights.begin() + static_cast<std::ptrdiff_t>(shift), weights.end(), weights.begin(), 0.);
      add(fmt::format("repetition {}", static_cast<double>(lag) / kGrid), power > 0 ? product / power : 0);
    }
  }

  void count_instruments() {
    double drums = 0;
    for (const Part& part : parts_) drums += part.instrument->is_drum ? static_cast<double>(part.notes.size()) : 0;
    add("instruments", static_cast<double>(parts_.size()));
    add("drums", starts_.empty() ? 0 : drums / static_cast<double>(starts_.size()));
  }

  std::vector<Part> parts_;     // with notes
  std::vector<double> starts_;  // of all notes, sorted
  double end_ = 0;              // of the last one
  std::vector<Statistic> found_;
};

}  // namespace

std::vector<Statistic> note_statistics(const midi::Score& score, std::int64_t quarters) {
  return Statistics(score, quarters).all();
}

}  // namespace midillama::classes
