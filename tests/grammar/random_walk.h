// An answer whose tokens are drawn among those that are allowed.
#pragma once

#include "midillama/core/random.h"
#include "midillama/grammar/matcher.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace midillama::grammar {

inline std::vector<text::TokenId> ids_of(std::span<const std::uint64_t> mask) {
  std::vector<text::TokenId> ids;
  for (std::size_t word = 0; word < mask.size(); ++word) {
    for (std::uint64_t bits = mask[word]; bits != 0; bits &= bits - 1)
      ids.push_back(static_cast<text::TokenId>(word * 64) + std::countr_zero(bits));
  }
  return ids;
}

// At most `budget` tokens, a stop token left out. An error where there is a moment at which nothing can be written.
inline std::vector<text::TokenId> random_walk(const std::shared_ptr<const Grammar>& grammar, std::int64_t budget, std::uint64_t seed) {
  Matcher matcher(grammar);
  Random random(seed);
  std::vector<text::TokenId> written;
  const auto& stops = grammar->vocabulary().stop_ids();
  while (static_cast<std::int64_t>(written.size()) < budget && !matcher.is_finished()) {
    const auto ids = ids_of(matcher.allowed(budget - static_cast<std::int64_t>(written.size())));
    const text::TokenId id = ids[random.below(ids.size())];
    if (std::ranges::find(stops, id) != stops.end()) break;
    matcher.accept(id);
    written.push_back(id);
  }
  return written;
}

}  // namespace midillama::grammar
