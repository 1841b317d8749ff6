// The character map that a sentencepiece model carries, which the library follows without looking where it leads.
#pragma once

#include <string>
#include <string_view>

namespace midillama::text {

// What is wrong with the map of a serialized model (its NormalizerSpec.precompiled_charsmap, a double array as of Darts-clone and the texts
// that it leads to); empty where nothing is, there is none, or the model is not understood, which the library then says.
std::string broken_character_map(std::string_view model);

}  // namespace midillama::text
