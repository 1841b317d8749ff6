#include "midillama/music/notation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace midillama::music {

std::size_t Notation::measures() const {
  std::size_t longest = 0;
  for (const Voice& voice : voices) longest = std::max(longest, voice.measures.size());
  return longest;
}

std::string Notation::text(std::size_t measures) const {
  std::vector<std::string> written;
  for (const Voice& voice : voices) {
    const auto heard = std::span(voice.measures).first(std::min(measures, voice.measures.size()));
    if (heard.size() > voice.silent) written.push_back(fmt::format("{}{}", voice.head, fmt::join(heard, between_measures)));
  }
  return written.empty() ? "" : fmt::format("{}{}{}", head, fmt::join(written, between_voices), tail);
}

std::size_t measures_within(const Notation& notation, std::int64_t budget, const CountTokens& count) {
  const std::size_t all = notation.measures();
  if (budget <= 0 || count(notation.text()) <= budget) return all;
  std::size_t fitting = 0, exceeding = all;
  while (exceeding - fitting > 1) {
    const std::size_t middle = fitting + (exceeding - fitting) / 2;
    (count(notation.text(middle)) <= budget ? fitting : exceeding) = middle;
  }
  return fitting;
}

}  // namespace midillama::music
