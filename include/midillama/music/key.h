// The key of a piece by correlating its pitch classes with key profiles (Krumhansl and Schmuckler).
#pragma once

#include "midillama/midi/score.h"

#include <array>
#include <optional>
#include <string>

namespace midillama::music {

struct Key {
  int tonic = 0;  // pitch class, 0 is C
  bool minor = false;
  auto operator<=>(const Key&) const = default;
};

// "C sharp minor", "B flat major": of two spellings the one with fewer accidentals in its signature (F sharp major, E flat minor).
std::string name(const Key& key);

enum class KeyProfile {
  aarden_essen,       // music21's analyze('key')
  krumhansl_kessler,  // music21's analyze('key.krumhanslkessler')
};

struct KeyEstimate {
  Key key;
  double correlation = 0;  // Pearson's r of the pitch classes with the key's profile
};

// Quarter notes sounded by each pitch class, drums left out.
std::array<double, 12> pitch_class_durations(const midi::Score& score);

// r for the 12 major keys from C up, then the 12 minor keys. All 0 where the weights are all equal.
std::array<double, 24> key_correlations(const std::array<double, 12>& pitch_classes, KeyProfile profile);

// The key of the highest correlation; of equal ones that with the higher tonic, then the minor one. std::nullopt where no pitched note has
// a length. Equals music21 10.5.1's analyze() on the same notes. Its MIDI converter moves notes to the nearest sixteenth or triplet before;
// this does not.
std::optional<KeyEstimate> estimate_key(const midi::Score& score, KeyProfile profile = KeyProfile::aarden_essen);

}  // namespace midillama::music
