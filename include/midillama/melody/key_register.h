// The simplest reason why a phrase may follow another: the same key, and the same height.
#pragma once

#include "midillama/melody/phrases.h"

namespace midillama::melody {

// Pearson's r of how long each pitch class sounds in either phrase (0 where either sounds all alike), less a tenth of the semitones between
// their mean pitches.
double key_register_score(const Notes& first, const Notes& second);

}  // namespace midillama::melody
