// Labels of a source as facts: one spelling for each value, and no value where the source's text is not understood.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::corpus {

// A name in the source's words, and the value it becomes. Words are separated by single spaces, in lower case.
struct Alias {
  std::string_view words;
  std::string_view value;
};

// Dance types and countries, under every name that the readers know.
const std::vector<Alias>& dance_aliases();
const std::vector<Alias>& country_aliases();

// The text's words in lower case, joined by single spaces; punctuation parts words, apostrophes are dropped.
std::string plain_words(std::string_view text);

// The dance type that a rhythm label names ("R: Double Jig", "slipjig"), or that a title ends with ("The Acacia -- REEL").
// A jig in 9/8 is a slip jig, in 12/8 a slide, in 2/4, 2/2 or 4/4 a straight jig. `meter` is a meter_label() or empty.
std::optional<std::string> dance_label(std::string_view rhythm, std::string_view meter);
std::optional<std::string> dance_of_title(std::string_view title, std::string_view meter);

// "G major" of an ABC key field: tonic, accidental, and a mode by its first three letters; "m" is minor. Clefs and comments behind it are
// passed over; pipe keys, "none" and explicit signatures name no key.
std::optional<std::string> key_label(std::string_view field);

// "G", "F sharp", "B flat" of a letter A-G and an accidental '#', 'b' or ' '.
std::string tonic_name(char letter, char accidental);

// "4/4" of an ABC meter field: C is 4/4, C| is 2/2; free and compound meters have no label.
std::optional<std::string> meter_label(std::string_view field);

// The beats a minute of an ABC tempo field with a beat ("1/4=120", "3/8 = 60 \"Slow\""). A bare number's unit is ambiguous and words are
// not a rate: both give nothing.
std::optional<double> beats_per_minute(std::string_view field);

// The country that an origin field names, in any of the names that the collections use ("SCOTCH.", "Europa, Mitteleuropa, Deutschland").
std::optional<std::string> country_label(std::string_view field);

}  // namespace midillama::corpus
