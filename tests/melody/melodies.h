// Melodies for tests.
#pragma once

#include "midillama/melody/phrases.h"
#include "midillama/midi/score.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::melody {

// Notes of a quarter each, one after the other from tick 0 on; a pitch of 0 is a rest.
inline midi::Score quarters(const std::vector<int>& pitches, std::uint8_t program = 0) {
  midi::Score score;
  midi::Instrument instrument;
  instrument.program = program;
  for (std::size_t i = 0; i < pitches.size(); ++i) {
    const midi::Tick start{static_cast<std::int64_t>(i) * 480};
    if (pitches[i] > 0) instrument.notes.push_back({start, start + midi::Tick{480}, static_cast<std::uint8_t>(pitches[i]), 80});
  }
  score.instruments.push_back(instrument);
  return score;
}

// Notes of a quarter in 4/4.
inline Notes notes_of(const std::vector<std::int64_t>& pitches) {
  Notes notes;
  for (const std::int64_t pitch : pitches) {
    const auto place = static_cast<std::int64_t>(notes.size());
    notes.push_back({.bar = place / 4, .position = place % 4 * 12, .duration = 12, .pitch = pitch});
  }
  return notes;
}

// Pieces of two phrases each, all with notes of their own.
inline Phrases two_phrases_each(std::int64_t pieces) {
  Phrases phrases;
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    for (std::int64_t number = 0; number < 2; ++number) {
      const std::string name = "piece" + std::to_string(piece);
      phrases.all.push_back({.id = name + "#" + std::to_string(number),
                             .work = name,
                             .number = number,
                             .notes = notes_of({60 + piece % 12, 62 + piece / 12, 64 + number, 65})});
    }
    phrases.pairs.push_back({.phrase = phrases.all.size() - 2, .next = phrases.all.size() - 1});
  }
  return phrases;
}

}  // namespace midillama::melody
