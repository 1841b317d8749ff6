// How ABC spells pitches under a key signature.
#pragma once

#include "midillama/music/quantize.h"

#include <array>
#include <string>

namespace midillama::music {

// Sharps of the key signature (less than 0: flats) under which the fewest notes have an accidental, drums left out; of equal ones that
// with the fewest signs, sharps before flats.
int fewest_accidentals(const GridClip& clip);

// "Bb" of -2: the major key with so many sharps.
std::string key_name(int sharps);

// Spells the notes of one measure after the other. Each note outside of the key has its own accidental, and so has each one of a letter
// that had one before in the measure, in whatever octave: readers differ in how far an accidental reaches, and all of them read this alike.
class AbcSpeller {
 public:
  explicit AbcSpeller(int sharps) : sharps_(sharps) {}

  void begin_measure() { altered_ = {}; }
  // "^F,", "c'"
  std::string spell(int pitch);

 private:
  int sharps_;
  std::array<bool, 7> altered_ = {};  // by letter, C first
};

}  // namespace midillama::music
