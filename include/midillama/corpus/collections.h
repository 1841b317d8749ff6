// What is known of printed collections and stands in no field of their files.
#pragma once

#include "midillama/corpus/abc.h"

#include <optional>
#include <string>
#include <string_view>

namespace midillama::corpus {

// The country where a collection was gathered and printed:
//   oneills1850    O'Neill, "Music of Ireland" (1903)                      Ireland
//   ryansMammoth   Ryan, "Mammoth Collection" (Boston, 1883)               the United States
//   airdsAirs      Aird, "A Selection of Scotch … Airs" (Glasgow, 1778-)   Scotland
//   northumbrianminstrelsyopus, americanfifeopus                           England, the United States
std::optional<std::string> country_of_collection(std::string_view collection);

// The dance of the chapter in which O'Neill's book prints a tune, by the number in its B: field ("O'Neill's 716"): 701-1115 double jigs,
// 1116-1175 slip jigs, 1176-1555 reels, 1556-1737 hornpipes.
std::optional<std::string> dance_of_chapter(const AbcTune& tune);

// False where a collection's K: fields give the signature's tonic whatever the mode (the Essen songs).
bool states_mode(std::string_view collection);

}  // namespace midillama::corpus
