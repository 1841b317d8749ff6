#include "train/masking.h"

#include "midillama/octuple/vocabulary.h"
#include "midillama/text/prompt.h"

#include <array>
#include <map>

namespace midillama::train {
namespace {

using octuple::kFields;
using octuple::Octuple;

enum class Fate { untouched, hidden, random, kept };

Fate draw_fate(double probability, Random& random) {
  const double u = random.uniform();
  if (u >= probability) return Fate::untouched;
  if (u < probability * 0.8) return Fate::hidden;
  return u < probability * 0.9 ? Fate::random : Fate::kept;
}

std::vector<Octuple> shift_bars(std::span<const Octuple> window, Random& random) {
  std::vector<Octuple> notes(window.begin(), window.end());
  int last_bar = 0;
  for (const auto& note : notes) last_bar = std::max(last_bar, note.bar);
  const auto shift = static_cast<int>(random.below(static_cast<std::uint64_t>(octuple::kMaxBars - last_bar)));
  for (auto& note : notes) note.bar += shift;
  return notes;
}

std::int64_t random_id(Random& random) {
  const std::int64_t first = octuple::kFieldTable[0].first_id;
  return first + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(octuple::kMaskId - first)));
}

}  // namespace

MaskedNotes mask_bars(std::span<const Octuple> window, double probability, Random& random) {
  const auto notes = shift_bars(window, random);
  MaskedNotes masked;
  masked.input_ids = octuple::to_ids(notes);
  masked.labels.assign(masked.input_ids.size(), text::kIgnoreLabel);

  std::map<std::pair<int, int>, std::array<Fate, kFields>> fates;  // by bar and program
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const auto [fate, is_new] = fates.try_emplace({notes[i].bar, notes[i].program});
    if (is_new) {
      for (Fate& field : fate->second) field = draw_fate(probability, random);
    }
    for (std::size_t field = 0; field < kFields; ++field) {
      if (fate->second[field] == Fate::untouched) continue;
      const std::size_t place = (i + 1) * kFields + field;  // after <s>
      masked.labels[place] = masked.input_ids[place];
      if (fate->second[field] == Fate::hidden) masked.input_ids[place] = octuple::kMaskId;
      if (fate->second[field] == Fate::random) masked.input_ids[place] = random_id(random);
    }
  }
  return masked;
}

}  // namespace midillama::train
