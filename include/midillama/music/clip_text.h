// A clip written as text, for prompts with {notes}.
//
// A new way of writing is a function in a file of its own, a row in clip_text.cpp, and its name in config::clip_text_names().
#pragma once

#include "midillama/midi/score.h"

#include <span>
#include <string>
#include <string_view>

namespace midillama::music {

struct ClipText {
  std::string_view name;
  std::string (*write)(const midi::Score& clip);
};

std::span<const ClipText> clip_texts();
// UsageError where there is none of that name.
const ClipText& clip_text_from_name(std::string_view name);

// "note-list": meter and tempo, then a line a bar with start, pitch and length of its notes in quarter notes, the start counted from the
// bar's:
//
//   meter 3/4, tempo 120
//   bar 1: 0 D4 1, 1 F#4 0.5, 1.5 A4 0.5
//   bar 2: 0 D5 3
//
// A new meter or tempo has a line before its bar. Where there are several instruments, each has a line a bar: "bar 1, program 40: …",
// "bar 1, drums: 0 36 0.25".
std::string note_list(const midi::Score& clip);

}  // namespace midillama::music
