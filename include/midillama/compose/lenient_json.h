// JSON as language models write it where nothing makes them keep to the form.
#pragma once

#include "midillama/compose/tracks.h"
#include "midillama/core/file.h"

#include <string_view>

namespace midillama::compose {

// The object that a text holds, of several the longest. What is not JSON's way is read as it was meant, and counted in `forgiven` by what
// it is: a block of code or words around the object, thoughts before it, single quotes, tuples, words without quotes, Python's True, False
// and None, comments, commas that are missing or too many, an ellipsis, brackets that do not match, an end that is missing, keys that are
// there twice, of which the last is kept. A value at the very end may have been cut, and is left out together with the list that it stands
// in. Error saying what is wrong where it cannot be told what was meant.
Json read_lenient_json(std::string_view text, Counts& forgiven);

}  // namespace midillama::compose
