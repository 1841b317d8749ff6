#include "train/masking.h"

#include "midillama/octuple/vocabulary.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace midillama::train {
namespace {

using octuple::kFields;
using octuple::Octuple;

// `bars` bars of four notes by each of two instruments.
std::vector<Octuple> piece(int bars) {
  std::vector<Octuple> notes;
  for (int bar = 0; bar < bars; ++bar) {
    for (int i = 0; i < 8; ++i) notes.push_back({bar, i / 2 * 16, i % 2 == 0 ? 0 : 40, 60 + i, i, 16, 9, 35});
  }
  return notes;
}

TEST(MaskBars, StartAndEndAreNeverMasked) {
  Random random(1);
  const auto masked = mask_bars(piece(4), 1.0, random);
  ASSERT_EQ(masked.input_ids.size(), (4 * 8 + 2) * kFields);
  for (std::size_t i = 0; i < kFields; ++i) {
    EXPECT_EQ(masked.input_ids[i], octuple::kBosId);
    EXPECT_EQ(masked.labels[i], -100);
    EXPECT_EQ(masked.input_ids[masked.input_ids.size() - 1 - i], octuple::kEosId);
    EXPECT_EQ(masked.labels[masked.labels.size() - 1 - i], -100);
  }
}

TEST(MaskBars, AFieldOfAnInstrumentInABarIsMaskedTogether) {
  Random random(2);
  const auto notes = piece(20);
  const auto masked = mask_bars(notes, 0.3, random);
  std::map<std::tuple<int, int, std::size_t>, std::set<bool>> chosen;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    for (std::size_t field = 0; field < kFields; ++field) {
      chosen[{notes[i].bar, notes[i].program, field}].insert(masked.labels[(i + 1) * kFields + field] != -100);
    }
  }
  for (const auto& [unit, fates] : chosen) EXPECT_EQ(fates.size(), 1u);
}

TEST(MaskBars, SharesAreThoseOfTheConfiguration) {
  Random random(3);
  double tokens = 0, chosen = 0, hidden = 0, kept = 0;
  for (int round = 0; round < 400; ++round) {
    const auto masked = mask_bars(piece(20), 0.15, random);
    for (std::size_t i = kFields; i < masked.labels.size() - kFields; ++i) {
      ++tokens;
      if (masked.labels[i] == -100) continue;
      ++chosen;
      hidden += masked.input_ids[i] == octuple::kMaskId;
      kept += masked.input_ids[i] == masked.labels[i];
    }
  }
  EXPECT_NEAR(chosen / tokens, 0.15, 0.005);
  EXPECT_NEAR(hidden / chosen, 0.8, 0.01);
  EXPECT_NEAR(kept / chosen, 0.1, 0.01);
}

TEST(MaskBars, WhatIsNotMaskedIsTheMusicMovedByAnyNumberOfBars) {
  const auto notes = piece(6);
  std::set<std::int64_t> shifts;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    const auto masked = mask_bars(notes, 0.0, random);
    const auto read = octuple::from_ids(masked.input_ids);
    ASSERT_EQ(read.size(), notes.size());
    shifts.insert(read[0].bar);
    for (std::size_t i = 0; i < notes.size(); ++i) {
      Octuple moved = notes[i];
      moved.bar += read[0].bar;
      ASSERT_EQ(read[i], moved);
    }
  }
  EXPECT_EQ(*shifts.begin(), 0);
  EXPECT_EQ(*shifts.rbegin(), 250);  // the last of 6 bars is then bar 255
  EXPECT_EQ(shifts.size(), 251u);
}

TEST(MaskBars, TheSameRandomNumbersGiveTheSameMask) {
  Random one(9), same(9), other(10);
  const auto masked = mask_bars(piece(8), 0.15, one);
  EXPECT_EQ(masked.input_ids, mask_bars(piece(8), 0.15, same).input_ids);
  EXPECT_NE(masked.input_ids, mask_bars(piece(8), 0.15, other).input_ids);
}

}  // namespace
}  // namespace midillama::train
