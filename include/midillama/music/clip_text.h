// A clip written as text, for prompts with {notes}.
//
// A new way of writing is a function in a file of its own, a row in clip_text.cpp, and its name in config::clip_text_names().
#pragma once

#include "midillama/midi/score.h"
#include "midillama/music/notation.h"

#include <span>
#include <string_view>

namespace midillama::music {

struct WritingOptions {
  int grid = 12;  // prompt.grid
};

struct ClipText {
  std::string_view name;
  std::string_view words;  // what a model is told it is: "in ABC notation"
  // Error where the clip has too many bars, or they are too short.
  Notation (*write)(const midi::Score& clip, const WritingOptions& options);
};

std::span<const ClipText> clip_texts();
// UsageError where there is none of that name.
const ClipText& clip_text_from_name(std::string_view name);

// "abc": ABC notation (https://abcnotation.com/wiki/abc:standard:v2.1) of what quantize() makes of the clip.
//
//   X:1
//   M:6/8
//   L:1/8
//   Q:1/4=180
//   K:G
//   GABc2d|e3dBG|
//
// M: is none in a performance. Q: counts quarter notes. K: is the signature that needs the fewest accidentals, by the name of its major
// key, whatever the file says: it tells no more than the notes do. L: is the unit that makes the text shortest. Notes of an instrument that
// begin and end together are a chord; notes that overlap otherwise are in voices of their own. Where there are several voices, each has a
// line V:, and %%MIDI program or channel 10 unless it is a piano. A new meter or tempo is in brackets at the start of its measure.
// Lines have four measures.
Notation abc(const midi::Score& clip, const WritingOptions& options);

// "note-list": meter and tempo, then a line a bar with start, pitch and length of its notes in quarter notes, the start counted from the
// bar's:
//
//   meter 3/4, tempo 120
//   bar 1: 0 D4 1, 1 F#4 0.5, 1.5 A4 0.5
//   bar 2: 0 D5 3
//
// A new meter or tempo has a line before its bar. Where there are several instruments, each has a line a bar: "bar 1, program 40: …",
// "bar 1, drums: 0 36 0.25".
Notation note_list(const midi::Score& clip, const WritingOptions& options);

// "json": the same as an object a bar; pitches are MIDI's numbers. Several instruments have a list each, by the same names, in the place of
// "notes":
//
//   {"bars":[{"meter":"3/4","tempo":120,"notes":[[0,62,1],[1,66,0.5],[1.5,69,0.5]]},{"notes":[[0,74,3]]}]}
Notation json_bars(const midi::Score& clip, const WritingOptions& options);

}  // namespace midillama::music
