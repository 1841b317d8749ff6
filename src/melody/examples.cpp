#include "midillama/melody/examples.h"

#include "midillama/core/hash.h"
#include "midillama/core/random.h"
#include "midillama/melody/groups.h"

#include <fmt/format.h>

namespace midillama::melody {

pieces::Parts read_parts(const config::Config& config) {
  const config::PieceSets& wanted = config.melody.pieces;
  const pieces::Sets sets = pieces::read_sets(wanted, config.corpus.path);
  const auto test = pieces::tested_pieces(sets.test, wanted, "");
  return pieces::divide(wanted, pieces::without(sets.train, test), test, "", config.run.seed);
}

std::vector<std::string> essentials() {
  return {"melody.pieces.train",        "melody.pieces.folds", "melody.pieces.fold",      "melody.pieces.valid_fraction",
          "melody.pieces.max_works",    "melody.phrase_bars",  "melody.min_phrase_notes", "melody.steps_per_quarter",
          "melody.negatives",           "melody.max_shift",    "melody.hidden_size",      "melody.num_hidden_layers",
          "melody.num_attention_heads", "melody.max_length",   "melody.dropout",          "melody.language_model_weight"};
}

PairExamples::PairExamples(Phrases phrases, const config::Melody& config, std::int64_t max_shift, std::uint64_t seed)
    : phrases_(std::move(phrases)), config_(config), max_shift_(max_shift), seed_(seed), fingerprint_(fingerprint_of(phrases_)) {
  for (const Pair& pair : phrases_.pairs) require_others(phrases_, pair.next, 1);
}

std::int64_t PairExamples::size() const {
  return static_cast<std::int64_t>(phrases_.pairs.size()) * (1 + config_.negatives);
}

PairExample PairExamples::example(std::int64_t index, std::uint64_t number) const {
  const auto [first, second, follows] = choose(index, number);
  Random random(seed_for(seed_, "shift", number));
  const std::int64_t shift = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * max_shift_ + 1))) - max_shift_;
  return {.id = fmt::format("{} and {}", first.id, second.id),
          .tokens = pair_tokens(first.notes, second.notes, shift, config_),
          .follows = follows};
}

std::int64_t PairExamples::tokens(std::int64_t index, std::uint64_t number) const {
  const auto [first, second, follows] = choose(index, number);
  return count_pair_tokens(first.notes, second.notes, config_);
}

PairExamples::Chosen PairExamples::choose(std::int64_t index, std::uint64_t number) const {
  const auto pairs = static_cast<std::int64_t>(phrases_.pairs.size());
  const Pair& pair = phrases_.pairs[static_cast<std::size_t>(index % pairs)];
  const bool follows = index < pairs;
  const std::size_t second = follows ? pair.next : draw_other(phrases_, pair.next, seed_, number);
  return {phrases_.all[pair.phrase], phrases_.all[second], follows};
}

std::string fingerprint_of(const Phrases& phrases) {
  Fingerprinter all;
  for (const Phrase& phrase : phrases.all) {
    all.add(phrase.id + '\n');
    for (const Note& note : phrase.notes) all.add(fmt::format("{} {} {} {}\n", note.bar, note.position, note.duration, note.pitch));
  }
  for (const Pair& pair : phrases.pairs) all.add(fmt::format("{} {}\n", pair.phrase, pair.next));
  return all.fingerprint();
}

}  // namespace midillama::melody
