#include "metrics/vocabulary.h"

#include <functional>

namespace midillama::metrics {

WordId Vocabulary::id(std::string_view word) {
  if (2 * entries_.size() >= slots_.size()) grow();
  const std::size_t hash = std::hash<std::string_view>()(word);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const WordId candidate = slots_[slot] - 1;
    if (entries_[candidate].hash == hash && this->word(candidate) == word) return candidate;
  }
  entries_.push_back({hash, bytes_.size(), word.size()});
  bytes_ += word;
  return (slots_[slot] = static_cast<WordId>(entries_.size())) - 1;
}

void Vocabulary::grow() {
  slots_.assign(slots_.empty() ? 1024 : 2 * slots_.size(), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<WordId>(i + 1);
  }
}

}  // namespace midillama::metrics
