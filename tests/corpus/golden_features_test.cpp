// Features beside music21's on the files of Debian's openttd-openmsx (tests/golden/music/make_features.py). key_test.cpp has the keys.
#include "midillama/core/file.h"
#include "midillama/midi/file.h"
#include "midillama/music/features.h"
#include "midillama/music/texture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

namespace midillama::music {
namespace {

const std::filesystem::path kOpenmsx = "/usr/share/games/openttd/baseset/openmsx";

class GoldenFeatures : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kOpenmsx)) GTEST_SKIP() << "openttd-openmsx is not installed";
  }
  // Called with each file and what music21 says of it.
  static void for_each_file(const std::function<void(const midi::Score& score, const Json& golden)>& use) {
    const Json files = read_json("tests/golden/music/features.json").at("openmsx");
    ASSERT_EQ(files.size(), 31u);
    for (const auto& [name, golden] : files.items()) {
      SCOPED_TRACE(name);
      use(midi::read_midi(kOpenmsx / name), golden);
    }
  }
};

TEST_F(GoldenFeatures, RegisterEqualsMusic21) {
  for_each_file([](const midi::Score& score, const Json& golden) {
    const auto range = pitch_range(score);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->lowest, golden.at("register").at("lowest"));
    EXPECT_EQ(range->highest, golden.at("register").at("highest"));
    EXPECT_NEAR(*mean_pitch(score), golden.at("register").at("mean").get<double>(), 1e-6);
  });
}

TEST_F(GoldenFeatures, TheMeterThatAFileStatesIsMusic21s) {
  std::size_t stated = 0;
  for_each_file([&](const midi::Score& score, const Json& golden) {
    const auto meter = states_meter(score) ? stated_meter(score) : std::nullopt;
    if (!meter) return;
    ++stated;
    EXPECT_EQ(Json::array({fmt::format("{}/{}", meter->numerator, meter->denominator)}), golden.at("meters"));
  });
  EXPECT_GE(stated, 20u);
}

TEST_F(GoldenFeatures, TheTempoThatAFileStatesIsMusic21s) {
  std::size_t stated = 0;
  for_each_file([&](const midi::Score& score, const Json& golden) {
    const auto tempo = states_tempo(score) ? stated_tempo(score) : std::nullopt;
    if (!tempo) return;
    ++stated;
    ASSERT_EQ(golden.at("quarters_per_minute").size(), 1u);
    EXPECT_NEAR(*tempo, golden.at("quarters_per_minute")[0].get<double>(), 0.01);
  });
  EXPECT_GE(stated, 20u);
}

}  // namespace
}  // namespace midillama::music
