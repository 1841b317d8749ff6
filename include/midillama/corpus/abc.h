// ABC tune books: splitting them into tunes, and the header fields that labels need. Notes are abc2midi's work.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::corpus {

struct AbcTune {
  std::string file;      // as given to the reader
  std::size_t line = 0;  // 1-based line of its X: field
  std::string number;    // the X: field's value
  // Letter and value of each field in order of appearance, comments removed; those in the tune's body and inline fields come too.
  std::vector<std::pair<char, std::string>> fields;
  std::vector<std::string> lines;  // the tune as written, from the X: line on; what the file's header says comes second
  std::size_t fields_before_music = 0;
  bool music_begun = false;  // while it is read

  // The value of the first field `letter` that is not empty, or "".
  std::string field(char letter) const;
  // The values of all fields `letter`, with semicolons between them.
  std::string all_of(char letter) const;
  // How many different values the field has in the tune: 2 and more where it changes.
  std::size_t distinct_values(char letter) const;
  // True where the field has one value from the first note on.
  bool holds_throughout(char letter) const;
};

// A tune begins at an X: line and ends at an empty line, the next X: line or the file's end. Text outside of tunes is passed over, but for
// the fields of a header at the file's beginning (ABC 2.1, 2.2.2): each holds for the tunes that do not state their own.
std::vector<AbcTune> parse_tunebook(std::string_view text, const std::string& file);

// The tune as it is given to abc2midi: the melody and nothing that could tell its name. Kept: meter, unit length, key, voice, parts, tempo
// where it names a beat. Left out: every other field (abc2midi swings hornpipes by their R: field), quoted chords and annotations,
// decorations, bowing marks, words and directives.
std::string bare_melody(const AbcTune& tune);

}  // namespace midillama::corpus
