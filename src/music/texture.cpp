#include "midillama/music/texture.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace midillama::music {
namespace {

constexpr double kTogether = 0.05;  // seconds: notes that begin within it are one onset

struct Sounding {
  double start;  // seconds
  double end;
};

template <typename Use>
void for_each_pitched_note(const midi::Score& score, Use&& use) {
  for (const auto& instrument : score.instruments) {
    if (instrument.is_drum) continue;
    for (const auto& note : instrument.notes) use(note);
  }
}

// By their starts.
std::vector<Sounding> sounding_notes(const midi::Score& score) {
  const midi::TempoMap tempos(score);
  std::vector<Sounding> notes;
  for_each_pitched_note(score, [&](const midi::Note& note) {
    notes.push_back({tempos.to_seconds(note.start).value, tempos.to_seconds(note.end).value});
  });
  std::ranges::sort(notes, {}, [](const Sounding& note) { return std::pair(note.start, note.end); });
  return notes;
}

}  // namespace

std::optional<Register> pitch_register(const midi::Score& score) {
  Register found{127, 0};
  double sum = 0, count = 0;
  for_each_pitched_note(score, [&](const midi::Note& note) {
    found.lowest = std::min<int>(found.lowest, note.pitch);
    found.highest = std::max<int>(found.highest, note.pitch);
    sum += note.pitch;
    ++count;
  });
  if (count == 0) return std::nullopt;
  found.mean = sum / count;
  return found;
}

std::optional<double> polyphony(const midi::Score& score) {
  double lengths = 0, any = 0, end = 0;
  for (const auto& note : sounding_notes(score)) {
    lengths += note.end - note.start;
    any += std::max(0.0, note.end - std::max(note.start, end));
    end = std::max(end, note.end);
  }
  return any > 0 ? std::optional(lengths / any) : std::nullopt;
}

std::optional<Dynamics> dynamics(const midi::Score& score) {
  double sum = 0, squares = 0, count = 0;
  for_each_pitched_note(score, [&](const midi::Note& note) {
    sum += note.velocity;
    squares += static_cast<double>(note.velocity) * note.velocity;
    ++count;
  });
  if (count == 0) return std::nullopt;
  const double mean = sum / count;
  return Dynamics{mean, std::sqrt(std::max(0.0, squares / count - mean * mean))};
}

std::optional<double> articulation(const midi::Score& score) {
  std::vector<Sounding> onsets;  // each with the end of its longest note
  double last = 0;
  for (const auto& note : sounding_notes(score)) {
    if (onsets.empty() || note.start - last > kTogether) {
      onsets.push_back(note);
    } else {
      onsets.back().end = std::max(onsets.back().end, note.end);
    }
    last = note.start;
  }
  if (onsets.size() < 2) return std::nullopt;
  std::vector<double> shares;
  for (std::size_t i = 0; i + 1 < onsets.size(); ++i)
    shares.push_back((onsets[i].end - onsets[i].start) / (onsets[i + 1].start - onsets[i].start));
  const auto middle = shares.begin() + static_cast<std::ptrdiff_t>(shares.size() / 2);
  std::ranges::nth_element(shares, middle);
  return *middle;
}

std::optional<double> pedal_share(const midi::Performance& performance) {
  const midi::TempoMap tempos(performance.score);
  const double end = tempos.to_seconds(performance.score.end()).value;
  if (performance.pedal.empty() || end <= 0) return std::nullopt;
  std::set<int> down;  // channels
  double since = 0, total = 0;
  for (const auto& change : performance.pedal) {
    const double time = std::min(end, tempos.to_seconds(change.time).value);
    if (!down.empty()) total += time - since;
    since = time;
    if (change.is_down) {
      down.insert(change.channel);
    } else {
      down.erase(change.channel);
    }
  }
  if (!down.empty()) total += end - since;
  return total / end;
}

}  // namespace midillama::music
