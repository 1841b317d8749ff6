// What a model of melody completion learns from: pairs of phrases that follow each other, and pairs that do not.
#pragma once

#include "midillama/melody/phrases.h"
#include "midillama/melody/tokens.h"
#include "midillama/pieces/piece_sets.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::melody {

// The pieces of melody.pieces, divided by run.seed.
pieces::Parts read_parts(const config::Config& config);

// The keys that decide what is learnt; a checkpoint is used with the same ones.
std::vector<std::string> essentials();

struct PairExample {
  std::string id = {};  // the phrases' ids
  PairTokens tokens = {};
  bool follows = false;
};

// Each pair of phrases, and beside it melody.negatives others of its first phrase with one of another work. Which one, and by how many
// semitones both are transposed, is drawn by (seed, number), so it is another one in every epoch.
class PairExamples {
 public:
  // `max_shift`: semitones; 0 where nothing is transposed. InputError where a pair has no phrase of another work beside it.
  PairExamples(Phrases phrases, const config::Melody& config, std::int64_t max_shift, std::uint64_t seed);

  std::int64_t size() const;
  // `index` in [0, size()).
  PairExample example(std::int64_t index, std::uint64_t number) const;
  // PairExample::tokens.tokens() of it.
  std::int64_t tokens(std::int64_t index, std::uint64_t number) const;
  // Of the phrases' ids and notes.
  std::string fingerprint() const { return fingerprint_; }

 private:
  struct Chosen {
    const Phrase& first;
    const Phrase& second;
    bool follows;
  };
  Chosen choose(std::int64_t index, std::uint64_t number) const;

  Phrases phrases_;
  config::Melody config_;
  std::int64_t max_shift_;
  std::uint64_t seed_;
  std::string fingerprint_;
};

// Of phrases and pairs; equal for the same ones.
std::string fingerprint_of(const Phrases& phrases);

}  // namespace midillama::melody
