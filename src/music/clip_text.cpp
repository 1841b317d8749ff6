#include "midillama/music/clip_text.h"

#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace midillama::music {
namespace {

constexpr ClipText kClipTexts[] = {
    {"abc", "in ABC notation", abc},
    {"note-list", "as a list of its notes: start, pitch and length in quarter notes, a line a bar", note_list},
    {"json", "as a list of its notes in JSON", json_bars},
};

}  // namespace

std::span<const ClipText> clip_texts() {
  return kClipTexts;
}

const ClipText& clip_text_from_name(std::string_view name) {
  const auto* row = std::ranges::find(kClipTexts, name, &ClipText::name);
  if (row != std::end(kClipTexts)) return *row;
  std::vector<std::string_view> names;
  for (const ClipText& known : kClipTexts) names.push_back(known.name);
  throw UsageError(fmt::format("unknown text of a clip \"{}\": there is {}", name, fmt::join(names, ", ")));
}

}  // namespace midillama::music
