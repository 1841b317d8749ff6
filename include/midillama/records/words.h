// Words of a text as tags compare them.
#pragma once

#include "midillama/records/tags.h"

#include <string>
#include <string_view>
#include <vector>

namespace midillama::records {

struct PlainWord {
  std::string text;      // in one case (text/casefold.h)
  bool capital = false;  // begins with a capital letter
};
// The text's words; punctuation parts them, apostrophes are dropped.
std::vector<PlainWord> words_in(std::string_view text);

// The same joined by single spaces.
std::string plain_words(const std::vector<PlainWord>& words);
std::string plain_words(std::string_view text);

// Whether `words` stand at `at` in a text of plain words, not inside other words.
bool is_word_at(std::string_view text, std::size_t at, std::string_view words);
bool contains_words(std::string_view text, std::string_view words);
bool ends_with_words(std::string_view text, std::string_view words);

// "G", "F sharp", "B flat" of a letter A-G and an accidental '#', 'b' or ' '.
std::string tonic_name(char letter, char accidental);

}  // namespace midillama::records
