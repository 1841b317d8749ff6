// Cutting a piece into clips on its bar lines.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/corpus/piece.h"

#include <string>
#include <vector>

namespace midillama::corpus {

// Clips from beginning to end, none overlapping another: as many as whole clips of `clip_seconds` fit, at least one and at most
// `clips_per_piece`; the first at the beginning, the last at the end, the others evenly between. Each starts and ends on a bar line where
// the piece has one near enough, so a clip is at most `clip_seconds` long. Bars that the source writes too long or too short stay so:
// after one, the bar lines of the clip are off the grid that its meter gives. Spans of fewer than `min_clip_notes` notes or
// `min_clip_seconds`, and such as OctupleMIDI cannot represent, are left out.
std::vector<ClipSpan> choose_clips(const Piece& piece, const config::Corpus& config);

// Where a piece whose file states no meter may be cut, in place of bar lines: where notes begin, and none has begun for a twentieth of a
// second, so that spread chords stay whole. Sorted.
std::vector<midi::Tick> onset_lines(const midi::Score& score);

// Of a piece that gives no clip, for its reader.
std::string why_without_clips(const Piece& piece, const config::Corpus& config);

}  // namespace midillama::corpus
