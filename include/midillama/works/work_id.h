// Which work a piece is of, told from how a catalog spells its composer and title.
#pragma once

#include <string>
#include <string_view>

namespace midillama::works {

// A name such that spellings that mean the same are equal, as words with one space between:
// - letters in lower case (Unicode's case folding) and without accents, after compatibility decomposition: "Étude" is "etude", "№" is "no";
// - words are letters, digits and the marks of other scripts; all else only parts them, and so does a digit after a letter: "Op.9" is
//   "op 9", "L’Isle" is "l isle", "BWV846" is "bwv 846";
// - before a number "opus" is "op", and "#", "n°", "nr" and "number" are "no"; elsewhere they stay, except "#", which goes;
// - "C#", "C♯" is "c sharp" and "B♭" is "b flat", where the sign follows a letter from A to G that is a word.
// Bytes that are no UTF-8 part words. Letters without a decomposition are as plain_letters() has them ("ł": "l").
std::string folded_name(std::string_view name);

// A composer's folded name, of "Chopin, Frédéric" that of "Frédéric Chopin".
std::string folded_composer(std::string_view composer);

// "composer: title", as folded_composer() and folded_name() have them: pieces with the same are of one work. Empty where one of the two is:
// then nothing is known of the work, and the piece is one of its own.
std::string work_id(std::string_view composer, std::string_view title);

}  // namespace midillama::works
