#include "midillama/midi/bar_lines.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace midillama::midi {
namespace {

constexpr std::int64_t kUnit = 64;  // bars are measured in such parts of a whole note

std::int64_t bar_length(const TimeSignature& meter) {
  const std::int64_t units = kUnit * meter.numerator;
  if (meter.denominator < 1 || units < 1 || units % meter.denominator != 0)
    throw Error(fmt::format("the meter {}/{} has beats of less than a 64th note", meter.numerator, meter.denominator));
  return units / meter.denominator;
}

// The meter whose bar is so long, in beats of `meter` or in the longest ones that fit. It is less than a bar of that meter.
TimeSignature meter_of_length(std::int64_t length, const TimeSignature& meter) {
  int denominator = meter.denominator;
  while (length * denominator % kUnit != 0) denominator *= 2;
  return {.time = {}, .numerator = static_cast<int>(length * denominator / kUnit), .denominator = denominator};
}

class BarWriter {
 public:
  explicit BarWriter(const Score& score) : score_(score), whole_(std::int64_t{4} * score.ticks_per_quarter) {}

  // Bars from where the last one ended up to `line`.
  void fill(Tick line, bool short_bar_first) {
    const std::int64_t end = std::llround(static_cast<double>(line.value * kUnit) / static_cast<double>(whole_));
    const std::int64_t rest = end > at_ ? (end - at_) % bar_length(meter()) : 0;
    if (short_bar_first && rest > 0) add(meter_of_length(rest, meter()));
    while (at_ < end) {
      const TimeSignature own = meter();
      add(bar_length(own) > end - at_ ? meter_of_length(end - at_, own) : own);
    }
  }

  // With the score's own meters from here on.
  std::vector<TimeSignature> finish() && {
    const Tick begin = now();
    add(meter());
    for (const TimeSignature& change : score_.time_signatures) {
      if (change.time > begin) meters_.push_back(change);
    }
    return std::move(meters_);
  }

 private:
  Tick now() const { return {at_ * whole_ / kUnit}; }

  // The score's own.
  TimeSignature meter() const {
    TimeSignature meter;
    for (const TimeSignature& change : score_.time_signatures) {
      if (change.time <= now()) meter = change;
    }
    return meter;
  }

  // A bar.
  void add(TimeSignature meter) {
    meter.time = now();
    const bool changes = meters_.empty() || meters_.back().numerator != meter.numerator || meters_.back().denominator != meter.denominator;
    if (changes) meters_.push_back(meter);
    at_ += bar_length(meter);
  }

  const Score& score_;
  std::int64_t whole_;   // note, in ticks
  std::int64_t at_ = 0;  // in units
  std::vector<TimeSignature> meters_;
};

}  // namespace

Score with_bar_lines(Score score, std::span<const Tick> bar_lines) {
  if (bar_lines.empty()) return score;
  BarWriter bars(score);
  for (const Tick line : bar_lines) bars.fill(line, line == bar_lines.front());
  score.time_signatures = std::move(bars).finish();
  return score;
}

}  // namespace midillama::midi
