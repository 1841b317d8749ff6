#include "midillama/corpus/splits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace midillama::corpus {
namespace {

std::vector<std::string> ids(std::size_t count) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back("piece-" + std::to_string(i));
  return result;
}

std::vector<std::size_t> singles(std::size_t count) {
  std::vector<std::size_t> result(count);
  std::iota(result.begin(), result.end(), std::size_t{0});
  return result;
}

std::ptrdiff_t count(const std::vector<Split>& splits, Split split) {
  return std::count(splits.begin(), splits.end(), split);
}

TEST(Splits, HaveTheirShares) {
  const auto splits = assign_splits(ids(200), singles(200), 0.1, 0.2, 1);
  EXPECT_EQ(count(splits, Split::valid), 20);
  EXPECT_EQ(count(splits, Split::test), 40);
  EXPECT_EQ(count(splits, Split::train), 140);
}

TEST(Splits, KeepFamiliesTogether) {
  std::vector<std::size_t> family;
  for (std::size_t i = 0; i < 300; ++i) family.push_back(i / 3);
  const auto splits = assign_splits(ids(300), family, 0.1, 0.1, 1);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(splits[i], splits[i / 3 * 3]);
  EXPECT_EQ(count(splits, Split::test), 30);
}

TEST(Splits, AFamilyThatFitsNoSideIsTrainedOn) {
  std::vector<std::size_t> family(100, 0);
  for (std::size_t i = 50; i < 100; ++i) family[i] = i;
  const auto splits = assign_splits(ids(100), family, 0.1, 0.1, 1);
  EXPECT_EQ(std::count(splits.begin(), splits.begin() + 50, Split::train), 50);
  EXPECT_EQ(count(splits, Split::test), 10);
  EXPECT_EQ(count(splits, Split::valid), 10);
}

TEST(Splits, DependOnTheSeedAndNotOnTheOrder) {
  const auto splits = assign_splits(ids(100), singles(100), 0.1, 0.1, 1);
  EXPECT_EQ(splits, assign_splits(ids(100), singles(100), 0.1, 0.1, 1));
  EXPECT_NE(splits, assign_splits(ids(100), singles(100), 0.1, 0.1, 2));
  auto reversed_ids = ids(100);
  std::reverse(reversed_ids.begin(), reversed_ids.end());
  auto reversed = assign_splits(reversed_ids, singles(100), 0.1, 0.1, 1);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(splits, reversed);
}

}  // namespace
}  // namespace midillama::corpus
