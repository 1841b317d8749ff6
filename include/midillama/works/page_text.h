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

// Valid UTF-8 without white space around it and at the ends of lines, and with no more than one empty line between two others.
std::string tidy_text(std::string_view text);

// Valid UTF-8 of at most so many characters: what is longer ends after the last whole line, or word, that fits.
std::string cut_text(std::string_view text, std::size_t characters);

}  // namespace midillama::works
