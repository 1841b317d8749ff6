// Words of titles, names and texts, to be compared however they are spelled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace midillama::works {

struct Word {
  std::string text;    // in lower case: "dvořák"
  std::string folded;  // also without accents, and of an umlaut or its e the vowel only ("Händel", "Haendel", "Handel": "handel")
};

// Letters and digits of any script; everything else parts words, and so does a digit after a letter ("Op27"). The s of a genitive goes
// ("Grieg's").
std::vector<Word> words_of(std::string_view text);

// What stands for a letter that Unicode does not decompose ("ø": "o", "ß": "ss"), in lower case; empty for others.
std::string_view plain_letters(char32_t letter);

// A folded word without a plural's s.
std::string without_plural(std::string folded);

}  // namespace midillama::works
