#include "systems/derange.h"

#include "midillama/core/error.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace midillama::systems {
namespace {

using Clips = std::map<std::filesystem::path, std::string>;

// `sizes[i]` clips of piece i.
Clips clips_of(const std::vector<int>& sizes) {
  Clips clips;
  for (std::size_t piece = 0; piece < sizes.size(); ++piece) {
    for (int clip = 0; clip < sizes[piece]; ++clip) clips[fmt::format("clips/{}-{}.mid", piece, clip)] = fmt::format("piece {}", piece);
  }
  return clips;
}

void expect_derangement(const Clips& clips, std::uint64_t seed, bool other_pieces) {
  const auto partners = derange(clips, seed);
  std::set<std::filesystem::path> given;
  for (const auto& [clip, partner] : partners) {
    EXPECT_NE(clip, partner);
    EXPECT_TRUE(!other_pieces || clips.at(clip) != clips.at(partner)) << clip << " hears " << partner;
    given.insert(partner);
  }
  EXPECT_EQ(partners.size(), clips.size());
  EXPECT_EQ(given.size(), clips.size()) << "a clip is given away twice";
}

TEST(Derange, NoClipHearsItselfOrItsPiece) {
  for (const auto& sizes : std::vector<std::vector<int>>{{1, 1}, {3, 3, 3, 3}, {1, 2, 3, 3, 2, 1}, {5, 1, 1, 1, 1, 1}, {3, 3}}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) expect_derangement(clips_of(sizes), seed, true);
  }
}

TEST(Derange, WhereOnePieceHasMostClipsNoneHearsItself) {
  for (const auto& sizes : std::vector<std::vector<int>>{{2}, {7}, {5, 2}, {3, 1, 1}}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) expect_derangement(clips_of(sizes), seed, false);
  }
}

TEST(Derange, TheSeedDecides) {
  const auto clips = clips_of({3, 3, 3, 3, 3, 3});
  EXPECT_EQ(derange(clips, 4), derange(clips, 4));
  EXPECT_NE(derange(clips, 4), derange(clips, 5));
}

TEST(Derange, ASingleClipIsRefused) {
  EXPECT_THROW(derange(clips_of({1}), 1), Error);
}

}  // namespace
}  // namespace midillama::systems
