#include "midillama/music/clip_text.h"
#include "music/bar_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace midillama::music {
namespace {

std::string pitch_name(int pitch) {
  static constexpr const char* kNames[] = {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
  return fmt::format("{}{}", kNames[pitch % 12], pitch / 12 - 1);
}

std::string line(std::size_t bar, const BarPart& part, int ticks_per_quarter) {
  std::vector<std::string> written;
  for (const midi::Note& note : part.notes) {
    written.push_back(fmt::format("{} {} {}", quarters(note.start, ticks_per_quarter),
                                  part.is_drum ? std::to_string(note.pitch) : pitch_name(note.pitch),
                                  quarters(note.end - note.start, ticks_per_quarter)));
  }
  return fmt::format("bar {}{}{}: {}\n", bar, part.name.empty() ? "" : ", ", part.name, fmt::join(written, ", "));
}

}  // namespace

Notation note_list(const midi::Score& clip, const WritingOptions&) {
  Notation notation{.head = "", .voices = {{}}, .notes = static_cast<std::int64_t>(clip.note_count())};
  std::string last_heading;
  for (const ListedBar& bar : listed_bars(clip)) {
    auto& measures = notation.voices[0].measures;
    std::string text;
    const std::string heading = fmt::format("meter {}/{}, tempo {}\n", bar.meter.numerator, bar.meter.denominator, bar.tempo);
    if (!bar.parts.empty() && heading != last_heading) text = last_heading = heading;
    for (const BarPart& part : bar.parts) text += line(measures.size() + 1, part, clip.ticks_per_quarter);
    measures.push_back(std::move(text));
  }
  return notation;
}

}  // namespace midillama::music
