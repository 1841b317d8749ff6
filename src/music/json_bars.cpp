#include "midillama/music/clip_text.h"
#include "music/bar_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace midillama::music {
namespace {

// Instruments of one name have one list, for names are there once in an object.
std::vector<std::pair<std::string, std::vector<midi::Note>>> notes_by_name(const ListedBar& bar) {
  std::vector<std::pair<std::string, std::vector<midi::Note>>> lists;
  for (const BarPart& part : bar.parts) {
    auto list = std::ranges::find(lists, part.name, [](const auto& named) { return named.first; });
    if (list == lists.end()) list = lists.insert(list, {part.name, {}});
    list->second.insert(list->second.end(), part.notes.begin(), part.notes.end());
    std::ranges::sort(list->second);
  }
  if (lists.empty()) lists.push_back({"", {}});
  return lists;
}

std::string list_of(const std::vector<midi::Note>& notes, int ticks_per_quarter) {
  std::vector<std::string> written;
  for (const midi::Note& note : notes) {
    written.push_back(
        fmt::format("[{},{},{}]", quarters(note.start, ticks_per_quarter), note.pitch, quarters(note.end - note.start, ticks_per_quarter)));
  }
  return fmt::format("[{}]", fmt::join(written, ","));
}

}  // namespace

Notation json_bars(const midi::Score& clip, const WritingOptions&) {
  Notation notation{
      .head = "{\"bars\":[", .voices = {{}}, .between_measures = ",", .tail = "]}", .notes = static_cast<std::int64_t>(clip.note_count())};
  std::string last_meter;
  long last_tempo = 0;
  for (const ListedBar& bar : listed_bars(clip)) {
    std::vector<std::string> members;
    const std::string meter = fmt::format("\"meter\":\"{}/{}\"", bar.meter.numerator, bar.meter.denominator);
    if (meter != last_meter) members.push_back(meter);
    if (bar.tempo != last_tempo) members.push_back(fmt::format("\"tempo\":{}", bar.tempo));
    last_meter = meter;
    last_tempo = bar.tempo;
    for (const auto& [name, notes] : notes_by_name(bar))
      members.push_back(fmt::format("\"{}\":{}", name.empty() ? "notes" : name, list_of(notes, clip.ticks_per_quarter)));
    notation.voices[0].measures.push_back(fmt::format("{{{}}}", fmt::join(members, ",")));
  }
  return notation;
}

}  // namespace midillama::music
