// The embedded default on the real collections, where they are installed (scripts/quickstart does).
#include "midillama/core/file.h"
#include "midillama/corpus/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::corpus {
namespace {

TEST(SlowFolk, ThreeThousandDifferentTunes) {
  config::Corpus config;
  config.path = ".deps/music21";
  config.collections = {"ryansMammoth", "oneills1850", "airdsAirs", "miscFolk/northumbrianminstrelsyopus", "miscFolk/americanfifeopus"};
  config.min_label_pieces = 50;
  if (!std::filesystem::exists(config.path)) GTEST_SKIP() << config.path << " is not there";
  const TemporaryDirectory root;
  const auto report = build_dataset(config, root.path() / "folk");
  EXPECT_GE(report.pieces, 3000u);
  EXPECT_LT(report.skipped.size(), 100u);
  EXPECT_GT(report.duplicates.size(), 300u);
  EXPECT_THAT(check_dataset(root.path() / "folk"), testing::IsEmpty());
}

}  // namespace
}  // namespace midillama::corpus
