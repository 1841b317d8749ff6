// Texts of pages: plain, with headings as lines of their own ("== Movements ==").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace midillama::works {

// Characters of an opening at most.
inline constexpr std::size_t kLongestOpening = 1000;

// The text before the first heading that has text before it, without headings.
std::string opening_of(std::string_view text);

// The first sentence of a page's opening, valid UTF-8, with the mark that ends it: ".", "!" or "?" (but not after a word of a letter or two
// as "Op.", nor before a digit or a small letter), or a colon, what is in brackets aside. A line that goes on after a colon with a single
// word or the page's title before it has a label ("Islamey: Oriental Fantasy"), which ends nothing. The first item of a list ("*", "-",
// "•") does.
std::string_view first_sentence_of(std::string_view opening, std::string_view title);

// Valid UTF-8 without white space around it and at the ends of lines, and with no more than one empty line between two others.
std::string tidy_text(std::string_view text);

// Valid UTF-8 of at most so many characters: what is longer ends after the last whole line, or word, that fits.
std::string cut_text(std::string_view text, std::size_t characters);

}  // namespace midillama::works
