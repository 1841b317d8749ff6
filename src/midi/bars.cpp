#include "midillama/core/error.h"
#include "midillama/midi/score.h"

#include <fmt/format.h>

namespace midillama::midi {
namespace {

constexpr std::size_t kMaxBarStarts = 1'000'000;

// A bar's length as a fraction of ticks: bars need not end on a tick.
struct BarLength {
  std::int64_t numerator;
  std::int64_t denominator;
  Tick times(std::int64_t bars) const { return {bars * numerator / denominator}; }
};

BarLength bar_length(const TimeSignature& meter, int ticks_per_quarter) {
  const BarLength length{std::int64_t{4} * meter.numerator * ticks_per_quarter, meter.denominator};
  if (length.denominator < 1 || length.numerator < length.denominator) {
    throw Error(fmt::format("bars of {}/{} at tick {} are shorter than a tick ({} ticks a quarter note)", meter.numerator,
                            meter.denominator, meter.time.value, ticks_per_quarter));
  }
  return length;
}

}  // namespace

std::vector<Tick> bar_starts(const Score& score) {
  const Tick end = score.end();
  std::vector<Tick> starts{{0}};
  auto next_meter = score.time_signatures.begin();
  BarLength length = bar_length({}, score.ticks_per_quarter);
  Tick first;             // the first bar of the current meter
  std::int64_t bars = 0;  // bars since
  while (starts.back() < end) {
    bool changed = false;
    for (; next_meter != score.time_signatures.end() && next_meter->time <= starts.back(); ++next_meter) changed = true;
    if (changed) {
      length = bar_length(*std::prev(next_meter), score.ticks_per_quarter);
      first = starts.back();
      bars = 0;
    }
    starts.push_back(first + length.times(++bars));
    if (starts.size() > kMaxBarStarts)
      throw Error(fmt::format("more than {} bars before the last note ends at tick {}", kMaxBarStarts, end.value));
  }
  return starts;
}

}  // namespace midillama::midi
