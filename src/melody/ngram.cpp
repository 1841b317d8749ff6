#include "midillama/melody/ngram.h"

#include <algorithm>
#include <cmath>

namespace midillama::melody {
namespace {

constexpr std::int64_t kDurations = 1 << 10;
constexpr double kNotes = 128.0 * 96;  // that there may be: pitches and durations
constexpr double kCacheShare = 0.5;

std::int64_t number_of(const Note& note) {
  return note.pitch * kDurations + std::min(note.duration, kDurations - 1);
}

std::vector<std::int64_t> numbers_of(std::span<const Note> notes) {
  std::vector<std::int64_t> numbers;
  for (const Note& note : notes) numbers.push_back(number_of(note));
  return numbers;
}

}  // namespace

void NoteModel::learn(const Notes& notes) {
  for (std::size_t i = 0; i < notes.size(); ++i) {
    for (std::size_t before = 0; before < kOrder && before <= i; ++before) {
      Seen& seen = after_[numbers_of(std::span(notes).subspan(i - before, before))];
      ++seen.total;
      ++seen.notes[number_of(notes[i])];
    }
  }
}

double NoteModel::probability(std::span<const Note> notes) const {
  const std::int64_t note = number_of(notes.back());
  double probability = 1 / kNotes;
  for (std::size_t before = 0; before < kOrder && before < notes.size(); ++before) {
    const auto found = after_.find(numbers_of(notes.subspan(notes.size() - 1 - before, before)));
    if (found == after_.end()) break;
    const Seen& seen = found->second;
    const auto kinds = static_cast<double>(seen.notes.size());
    const auto place = seen.notes.find(note);
    const double count = place == seen.notes.end() ? 0 : place->second;
    probability = (count + kinds * probability) / (seen.total + kinds);
  }
  return probability;
}

NgramCompletion::NgramCompletion(const Phrases& phrases) {
  for (const Phrase& phrase : phrases.all) melodies_.learn(phrase.notes);
}

double NgramCompletion::score(const Notes& first, const Notes& second) const {
  NoteModel heard;
  heard.learn(first);
  Notes both = first;
  double sum = 0;
  for (std::size_t i = 0; i < second.size(); ++i) {
    both.push_back(second[i]);
    const std::span<const Note> after_phrase = both;
    const double likely = (1 - kCacheShare) * melodies_.probability(after_phrase) + kCacheShare * heard.probability(after_phrase);
    sum += std::log(likely / melodies_.probability(std::span(second).first(i + 1)));
  }
  return sum / static_cast<double>(second.size());
}

}  // namespace midillama::melody
