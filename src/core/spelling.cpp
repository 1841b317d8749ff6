#include "midillama/core/spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace midillama {
namespace {

constexpr std::size_t kLongestWord = 100;  // nobody meant what is longer

// Edits from `a` to `b`, two neighbours that change places being one (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      edits[i][j] = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
    }
  }
  return edits[a.size()][b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string> known) {
  if (word.size() > kLongestWord || known.empty()) return "";
  const auto distance = [&](const std::string& candidate) { return edit_distance(word, candidate); };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  return distance(*nearest) <= std::max<std::size_t>(2, word.size() / 3) ? *nearest : "";
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const std::string meant = nearest_word(word, known);
  return meant.empty() ? "" : fmt::format(" (did you mean {}?)", meant);
}

}  // namespace midillama
