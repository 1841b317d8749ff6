#include "midillama/octuple/octuple.h"
#include "midillama/octuple/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace midillama::octuple {
namespace {

using midi::Tick;

constexpr int kTicksPerQuarter = 480;
constexpr int kTicksPerPosition = kTicksPerQuarter / kPositionsPerQuarter;

Tick tick_at(std::int64_t position) {
  return {position * kTicksPerPosition};
}

void check(const Octuple& octuple) {
  const auto codes = octuple.codes();
  bool valid = octuple.bar >= 0 && octuple.bar < kMaxPositions;
  for (int field = 1; field < kFields; ++field) valid = valid && codes[field] >= 0 && codes[field] < kFieldTable[field].count;
  valid = valid && (octuple.program == kDrumProgram) == (octuple.pitch >= kDrumPitches);
  if (!valid) throw OctupleError("no note has these codes: " + to_words(octuple));
}

// The meter of every bar: the most frequent of its notes, of equals the smallest code; that of the bar before where it has none, 4/4 at the
// start.
std::vector<int> meters_of(std::span<const Octuple> octuples) {
  std::map<int, std::map<int, int>> votes;  // bar -> code -> notes
  for (const Octuple& octuple : octuples) ++votes[octuple.bar][octuple.time_signature];
  std::vector<int> meters;
  for (const auto& [bar, codes] : votes) {
    meters.resize(static_cast<std::size_t>(bar), meters.empty() ? time_signature_code(4, 4) : meters.back());
    meters.push_back(std::max_element(codes.begin(), codes.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first);
  }
  return meters;
}

// Where bars start, in positions.
std::vector<std::int64_t> starts_of(const std::vector<int>& meters) {
  std::vector<std::int64_t> starts = {0};
  for (const int meter : meters) starts.push_back(starts.back() + bar_positions(meter));
  return starts;
}

std::vector<midi::TimeSignature> time_signatures_of(const std::vector<int>& meters, const std::vector<std::int64_t>& starts) {
  std::vector<midi::TimeSignature> changes;
  for (std::size_t bar = 0; bar < meters.size(); ++bar) {
    if (bar > 0 && meters[bar] == meters[bar - 1]) continue;
    const auto [numerator, denominator] = time_signature(meters[bar]);
    changes.push_back({tick_at(starts[bar]), numerator, denominator});
  }
  return changes;
}

// The tempo at a position is the mean of its notes' codes (which are all the same in what encode() gives); it lasts until the next.
std::vector<midi::TempoChange> tempos_of(std::span<const Octuple> octuples, const std::vector<std::int64_t>& starts) {
  struct Sum {
    std::int64_t codes = 0, notes = 0;
  };
  std::map<std::int64_t, Sum> sums;
  for (const Octuple& octuple : octuples) {
    Sum& sum = sums[starts[octuple.bar] + octuple.position];
    sum.codes += octuple.tempo;
    ++sum.notes;
  }
  std::vector<midi::TempoChange> changes;
  int current = tempo_code(midi::kDefaultBpm);
  if (!sums.contains(0)) changes.push_back({Tick{0}, tempo_bpm(current)});
  for (const auto& [position, sum] : sums) {
    const int code = static_cast<int>(std::nearbyint(static_cast<double>(sum.codes) / static_cast<double>(sum.notes)));
    if (code != current || position == 0) changes.push_back({tick_at(position), tempo_bpm(code)});
    current = code;
  }
  return changes;
}

std::vector<midi::Instrument> instruments_of(std::span<const Octuple> octuples, const std::vector<std::int64_t>& starts) {
  std::map<int, midi::Instrument> instruments;
  for (const Octuple& octuple : octuples) {
    auto& instrument = instruments[octuple.program];
    const Tick start = tick_at(starts[octuple.bar] + octuple.position);
    const Tick length = std::max(tick_at(duration_positions(octuple.duration)), Tick{1});
    const auto pitch = static_cast<std::uint8_t>(octuple.pitch % kDrumPitches);
    instrument.notes.push_back({start, start + length, pitch, static_cast<std::uint8_t>(code_velocity(octuple.velocity))});
  }
  std::vector<midi::Instrument> list;
  for (auto& [program, instrument] : instruments) {
    instrument.is_drum = program == kDrumProgram;
    instrument.program = static_cast<std::uint8_t>(instrument.is_drum ? 0 : program);
    instrument.name = std::to_string(program);
    list.push_back(std::move(instrument));
  }
  return list;
}

}  // namespace

midi::Score decode(std::span<const Octuple> octuples) {
  std::for_each(octuples.begin(), octuples.end(), check);
  const auto meters = meters_of(octuples);
  const auto starts = starts_of(meters);
  midi::Score score;
  score.ticks_per_quarter = kTicksPerQuarter;
  if (octuples.empty()) return score;
  score.instruments = instruments_of(octuples, starts);
  score.time_signatures = time_signatures_of(meters, starts);
  score.tempos = tempos_of(octuples, starts);
  return score;
}

}  // namespace midillama::octuple
