#include "systems/derange.h"

#include "midillama/core/error.h"
#include "midillama/core/random.h"

#include <algorithm>
#include <span>
#include <vector>

namespace midillama::systems {

std::map<std::filesystem::path, std::filesystem::path> derange(const std::map<std::filesystem::path, std::string>& clips,
                                                               std::uint64_t seed) {
  if (clips.size() < 2) throw Error("music cannot be shuffled: the questions are about fewer than two clips");
  using Clips = std::vector<std::filesystem::path>;
  std::map<std::string, Clips> by_piece;
  for (const auto& [clip, piece] : clips) by_piece[piece].push_back(clip);
  std::vector<Clips> pieces;
  for (auto& [piece, members] : by_piece) pieces.push_back(std::move(members));

  Random random(seed);
  random.shuffle(std::span(pieces));
  Clips order;
  for (auto& members : pieces) {
    random.shuffle(std::span(members));
    order.insert(order.end(), members.begin(), members.end());
  }
  // Pieces are together, so a step as long as the longest piece leads into another one from everywhere.
  const auto longest = std::ranges::max(pieces, {}, &Clips::size).size();
  const auto step = longest < order.size() ? longest : 1;
  std::map<std::filesystem::path, std::filesystem::path> partners;
  for (std::size_t i = 0; i < order.size(); ++i) partners[order[i]] = order[(i + step) % order.size()];
  return partners;
}

}  // namespace midillama::systems
