// An n-gram model of melodies that remembers the phrase it has just heard.
#pragma once

#include "midillama/melody/phrases.h"

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace midillama::melody {

// The probability of a note (pitch and duration) after those before it: n-grams with Witten and Bell's (1991) interpolation down to
// all notes alike.
class NoteModel {
 public:
  static constexpr std::size_t kOrder = 4;  // a note and up to three before it

  void learn(const Notes& notes);
  // Of the last of these notes after those before it.
  double probability(std::span<const Note> notes) const;

 private:
  struct Seen {
    double total = 0;
    std::map<std::int64_t, double> notes;
  };
  std::map<std::vector<std::int64_t>, Seen> after_;  // by the notes before
};

// Says how well a phrase follows another: the mean over its notes of how much likelier each is after the phrase than by what is known of
// all melodies. What it is after the phrase is a cache model (Kuhn and De Mori 1990): half from all melodies, half from the phrase's own
// n-grams.
class NgramCompletion {
 public:
  // `pairs`: what is learnt from.
  explicit NgramCompletion(const Phrases& phrases);
  double score(const Notes& first, const Notes& second) const;

 private:
  NoteModel melodies_;
};

}  // namespace midillama::melody
