// Text in one case, for comparing names without regard to it.
#pragma once

#include <string>
#include <string_view>

namespace midillama::text {

// As Unicode matches names canonically (its chapter 3, D145): "Ü", "ü" and "u" with a diaeresis of its own are one, "ß" is "ss". Invalid
// bytes become U+FFFD.
std::string casefold(std::string_view text);

}  // namespace midillama::text
