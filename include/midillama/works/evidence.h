// Whether a text has the words that are quoted from it.
#pragma once

#include <string>
#include <string_view>

namespace midillama::works {

// The text with one space for each stretch of white space, one kind of quotation marks, apostrophes and dashes, and without soft hyphens:
// what models and editors change when they quote. Case and words stay.
std::string folded(std::string_view text);

// Whether `quote` stands in a text, both folded, from the beginning of a word to the end of one. A mark of omission or a full stop that the
// quote begins or ends with, and quotation marks around it, need not be there. A quote of fewer than three words is in no text: it would be
// found by chance.
bool has_quote(std::string_view folded_text, std::string_view quote);

}  // namespace midillama::works
