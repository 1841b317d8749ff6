#include "midillama/compose/novelty.h"

#include "compose/golden_tracks.h"
#include "midillama/compose/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace midillama::compose {
namespace {

using testing::ElementsAre;

std::vector<Tracks> golden_pieces() {
  std::vector<Tracks> pieces;
  for (const Json& piece : golden()["near_duplicates"]["pieces"]) pieces.push_back(golden_tracks(piece));
  return pieces;
}

TEST(GoldenCompose, NearDuplicatesAreThoseThatComparingEveryPairFinds) {
  const std::vector<Tracks> pieces = golden_pieces();
  const Json& pairs = golden()["near_duplicates"]["pairs"];
  const Novelty novelty = find_near_duplicates(pieces, kNearDuplicate);
  EXPECT_EQ(novelty.pairs, pairs.size());
  std::set<std::size_t> later;
  std::vector<std::size_t> family(pieces.size());
  std::iota(family.begin(), family.end(), std::size_t{0});
  for (const Json& pair : pairs) {
    later.insert(pair[1].get<std::size_t>());
    const std::size_t a = family[pair[0].get<std::size_t>()], b = family[pair[1].get<std::size_t>()];
    std::ranges::replace(family, std::max(a, b), std::min(a, b));
  }
  EXPECT_EQ(novelty.repeated, later.size());
  EXPECT_EQ(novelty.family, family);
}

TEST(Novelty, LengthAndLoudnessMakeNoPieceNew) {
  Tracks one;
  one[0] = {{0, 60, 480, 80}, {480, 62, 480, 80}};
  Tracks other = one;
  other[0][1].velocity = 20;
  other[0][1].duration = 960;
  Tracks different = one;
  different[0][1].pitch = 63;
  const Novelty novelty = find_near_duplicates({different, one, other, one}, 1);
  EXPECT_EQ(novelty.pairs, 3u);
  EXPECT_EQ(novelty.repeated, 2u);
  EXPECT_THAT(novelty.family, ElementsAre(0, 1, 1, 1));
}

TEST(Novelty, OfNothingAndOfEmptyPieces) {
  EXPECT_TRUE(find_near_duplicates({}, kNearDuplicate).family.empty());
  EXPECT_EQ(find_near_duplicates({Tracks(), Tracks()}, kNearDuplicate).repeated, 1u);
}

}  // namespace
}  // namespace midillama::compose
