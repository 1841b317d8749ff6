// Labels of a source as facts: one spelling for each value, and no value where the source's text is not understood.
#pragma once

#include "midillama/records/tags.h"

#include <optional>
#include <string>
#include <string_view>

namespace midillama::corpus {

// The value of a closed tag that a label names anywhere ("R: Double Jig", "slipjig"), or that a title ends with ("The Acacia -- REEL"): of
// names within each other the longest. A label that names two values ("reel or hornpipe") names none, and a doubtful part of it
// ("not a reel", "reel?") names nothing. `meter` is a meter_label() or empty:
// it tells values that stand for others in some meters (a jig in 9/8 is a slip jig).
std::optional<std::string> value_in_label(const records::Tag& tag, std::string_view label, std::string_view meter);
std::optional<std::string> value_at_end(const records::Tag& tag, std::string_view title, std::string_view meter);

// "G major" of an ABC key field: tonic, accidental, and a mode by its first three letters; "m" is minor. Clefs, settings of the staff and
// comments after it are passed over. What else stands there names no key, as do pipe keys, "none", signatures with accidentals of their own
// ("D =c", "Gdor^c", "Am exp"), those that no seven notes have ("Fb", "A#"), and a key that does not sound as written ("C transpose=2").
std::optional<std::string> key_label(std::string_view field);

// "4/4" of an ABC meter field: C is 4/4, C| is 2/2; free and compound meters have no label.
std::optional<std::string> meter_label(std::string_view field);

// Whether a key or voice field has its notes sound elsewhere than they are written: "transpose=2"; octaves are not counted.
bool is_transposed(std::string_view field);

// The quarter notes a minute of an ABC tempo field with a beat of one to four notes, a text before or behind it: 120 of "1/4=120", 90 of
// "3/8 = 60 \"Slow\"", 200 of "\"Allegro\" 1/4 3/8 1/4 3/8=40". A bare number's unit is ambiguous and words are not a rate: both give
// nothing.
std::optional<double> quarters_per_minute(std::string_view field);
// The same field as "5/4=40", without its text.
std::optional<std::string> plain_tempo(std::string_view field);
// The same in beats of the meter, a meter_label(): "1/4=90", "3/8=60" and "1/8=180" are 60 in 6/8.
std::optional<double> beats_per_minute(std::string_view field, std::string_view meter);

// The value of a closed tag that is one of the places of an origin field ("SCOTCH.", "Europa, Mitteleuropa, Deutschland"); none where
// two of the values are named, or where it is doubted ("England (?)"). A place is matched whole: "New England" is not England.
std::optional<std::string> place_label(const records::Tag& tag, std::string_view field);

}  // namespace midillama::corpus
