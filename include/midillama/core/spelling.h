// Which word was meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace midillama {

// The one of `known` that `word` is a slip of the fingers from (letters left out, added, changed or swapped, in at most a third of it, two
// in a short word); empty where none is near.
std::string nearest_word(std::string_view word, std::span<const std::string> known);

// " (did you mean WORD?)", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace midillama
