#include "midillama/music/clip_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace midillama::music {
namespace {

using midi::Tick;

// "0.5", "1", "0.33"
std::string quarters(Tick ticks, int ticks_per_quarter) {
  return fmt::format("{}", std::round(100.0 * static_cast<double>(ticks.value) / ticks_per_quarter) / 100);
}

std::string pitch_name(int pitch) {
  static constexpr const char* kNames[] = {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
  return fmt::format("{}{}", kNames[pitch % 12], pitch / 12 - 1);
}

// The last change at or before `time`, the default before the first.
template <typename Change>
Change in_force(const std::vector<Change>& changes, Tick time) {
  const auto after = std::ranges::upper_bound(changes, time, {}, &Change::time);
  return after == changes.begin() ? Change{} : *std::prev(after);
}

std::string heading(const midi::Score& clip, Tick time) {
  const auto meter = in_force(clip.time_signatures, time);
  return fmt::format("meter {}/{}, tempo {}\n", meter.numerator, meter.denominator, std::lround(in_force(clip.tempos, time).bpm));
}

// One instrument's notes, by start and pitch.
class Part {
 public:
  Part(const midi::Score& clip, const midi::Instrument& instrument, bool is_only)
      : ticks_per_quarter_(clip.ticks_per_quarter), is_drum_(instrument.is_drum), notes_(instrument.notes) {
    if (!is_only) name_ = is_drum_ ? ", drums" : fmt::format(", program {}", instrument.program);
    std::ranges::sort(notes_);
  }

  // The line of a bar; nothing where no note starts in it. Bars are asked for in order.
  std::string line(std::size_t bar, Tick begin, Tick end) {
    std::vector<std::string> written;
    for (; next_ < notes_.size() && notes_[next_].start < end; ++next_) {
      const midi::Note& note = notes_[next_];
      written.push_back(fmt::format("{} {} {}", quarters(note.start - begin, ticks_per_quarter_),
                                    is_drum_ ? std::to_string(note.pitch) : pitch_name(note.pitch),
                                    quarters(note.end - note.start, ticks_per_quarter_)));
    }
    return written.empty() ? "" : fmt::format("bar {}{}: {}\n", bar, name_, fmt::join(written, ", "));
  }

 private:
  int ticks_per_quarter_;
  bool is_drum_;
  std::string name_;
  std::vector<midi::Note> notes_;
  std::size_t next_ = 0;
};

}  // namespace

std::string note_list(const midi::Score& clip) {
  std::vector<Part> parts;
  for (const auto& instrument : clip.instruments) parts.emplace_back(clip, instrument, clip.instruments.size() == 1);
  const auto bars = midi::bar_starts(clip);
  std::string text, last_heading;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Tick end = i + 1 < bars.size() ? bars[i + 1] : midi::kMaxTick;
    std::string lines;
    for (Part& part : parts) lines += part.line(i + 1, bars[i], end);
    if (lines.empty()) continue;
    if (const std::string changed = heading(clip, bars[i]); changed != last_heading) text += last_heading = changed;
    text += lines;
  }
  return text;
}

}  // namespace midillama::music
