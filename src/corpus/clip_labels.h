// What is measured on a clip, under the names that a tag's `from` gives.
#pragma once

#include "midillama/corpus/piece.h"

namespace midillama::corpus {

//   mean_pitch        of the notes, by their lengths, drums left out
//   notes_per_second
//   polyphony         notes that sound together while any does
//   mean_velocity     1 to 127
//   articulation      how much of the time until the next onset an onset's longest note sounds: 1 is legato
//   estimated_key     the key that both key profiles find; none where they differ: such a clip is too short or too ambiguous to tell
//   aarden_key        the key that music21's analyze('key') finds, however unsure
//   krumhansl_key     the one that the profiles of Krumhansl and Kessler find
//   meter             in force throughout the clip, where the file states meters
//   beats_per_minute  where the file states tempos, and one tempo and one beat hold throughout the clip; where it states none and
//                     `estimate_beats` is set, by music::estimate_beats()
//   tempo_from        "stated" or "estimated": which of the two it is
Facts clip_labels(const midi::Score& clip, const Piece& piece, bool estimate_beats);

// Whether a label is a number that is measured on clips.
bool is_measured_number(const std::string& label);

}  // namespace midillama::corpus
