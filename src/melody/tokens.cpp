#include "midillama/melody/tokens.h"

#include <algorithm>
#include <optional>
#include <span>

namespace midillama::melody {
namespace {

constexpr std::int64_t kMarks = 3;
constexpr std::int64_t kPitches = 128;
constexpr std::int64_t kLargestStep = 24;                  // semitones between two notes that are told apart
constexpr std::int64_t kSteps = 2 * kLargestStep + 1 + 1;  // and none: before the first note
constexpr std::int64_t kLongestQuarters = 8;               // in a bar, and that a note lasts

// Of a phrase's notes those that are kept.
std::span<const Note> kept(const Notes& notes, const config::Melody& config) {
  const auto most = static_cast<std::size_t>((config.max_length - kMarks) / 2);
  return std::span(notes).first(std::min(notes.size(), most));
}

}  // namespace

std::int64_t IdRange::id(std::int64_t value) const {
  return first + std::clamp<std::int64_t>(value, 0, count - 1);
}

Vocabulary::Vocabulary(const config::Melody& config) {
  pitches_ = add(kPitches);
  steps_ = add(kSteps);
  positions_ = add(kLongestQuarters * config.steps_per_quarter);
  durations_ = add(kLongestQuarters * config.steps_per_quarter);
  bars_ = add(config.phrase_bars);
  sides_ = add(2);
}

IdRange Vocabulary::add(std::int64_t count) {
  const IdRange range{.first = size_, .count = count};
  size_ += count;
  return range;
}

class PairWriter {
 public:
  PairWriter(const config::Melody& config, std::int64_t shift) : vocabulary_(config), shift_(shift) {}

  void mark(std::int64_t id) { tokens_.ids.insert(tokens_.ids.end(), kTokenFields, id); }

  void phrase(std::span<const Note> notes, std::int64_t side) {
    std::optional<std::int64_t> before;
    for (const Note& note : notes) {
      const std::int64_t step = before ? 1 + kLargestStep + std::clamp(note.pitch - *before, -kLargestStep, kLargestStep) : 0;
      const Vocabulary& v = vocabulary_;
      tokens_.ids.insert(tokens_.ids.end(), {v.pitches_.id(note.pitch + shift_), v.steps_.id(step), v.positions_.id(note.position),
                                             v.durations_.id(note.duration - 1), v.bars_.id(note.bar), v.sides_.id(side)});
      before = note.pitch;
    }
  }

  PairTokens write(std::span<const Note> first, std::span<const Note> second) && {
    tokens_.first = static_cast<std::int64_t>(first.size());
    tokens_.second = static_cast<std::int64_t>(second.size());
    mark(Vocabulary::kBegin);
    phrase(first, 0);
    mark(Vocabulary::kNext);
    phrase(second, 1);
    mark(Vocabulary::kEnd);
    return std::move(tokens_);
  }

 private:
  Vocabulary vocabulary_;
  std::int64_t shift_;
  PairTokens tokens_;
};

PairTokens pair_tokens(const Notes& first, const Notes& second, std::int64_t shift, const config::Melody& config) {
  return PairWriter(config, shift).write(kept(first, config), kept(second, config));
}

std::int64_t count_pair_tokens(const Notes& first, const Notes& second, const config::Melody& config) {
  return static_cast<std::int64_t>(kept(first, config).size() + kept(second, config).size()) + kMarks;
}

}  // namespace midillama::melody
