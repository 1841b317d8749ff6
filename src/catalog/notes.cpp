#include "catalog/notes.h"

#include "midillama/core/hash.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

namespace midillama::catalog {

std::string notes_fingerprint(const midi::Score& score) {
  struct Onset {
    std::int64_t tick;
    std::int64_t pitch;  // of drums after all others
    auto operator<=>(const Onset&) const = default;
  };
  std::vector<Onset> onsets;
  onsets.reserve(score.note_count());
  for (const midi::Instrument& instrument : score.instruments) {
    for (const midi::Note& note : instrument.notes) onsets.push_back({note.start.value, note.pitch + (instrument.is_drum ? 128 : 0)});
  }
  if (onsets.empty()) return fingerprint("");
  std::ranges::sort(onsets);
  const std::int64_t begin = onsets.front().tick;
  std::int64_t unit = 0;  // the largest that all onsets are multiples of
  for (const Onset& onset : onsets) unit = std::gcd(unit, onset.tick - begin);
  for (Onset& onset : onsets) onset.tick = unit == 0 ? 0 : (onset.tick - begin) / unit;
  return fingerprint({reinterpret_cast<const char*>(onsets.data()), onsets.size() * sizeof(Onset)});
}

}  // namespace midillama::catalog
