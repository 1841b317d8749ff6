#include "midillama/serve/example_clips.h"

#include "eval/tiny_world.h"

#include <gtest/gtest.h>

namespace midillama::serve {
namespace {

TEST(ExampleClips, AreFromAllOverTheTestSplit) {
  const eval::TinyWorld world;
  const auto examples = example_clips(world.config.data.dir, 3);
  ASSERT_EQ(examples.size(), 3u);
  EXPECT_EQ(examples[0].name, "test-0");
  EXPECT_EQ(examples[1].name, "test-2");
  EXPECT_EQ(examples[2].name, "test-4");
  EXPECT_EQ(examples[2].score.note_count(), 20u);
  EXPECT_EQ(example_clips(world.config.data.dir, 100).size(), 6u);
}

TEST(ExampleClips, AFileThatCannotBeReadIsPassedOver) {
  const eval::TinyWorld world;
  write_atomically(world.path("data/clips/test-0.mid"), "no music");
  EXPECT_EQ(example_clips(world.config.data.dir, 6).size(), 5u);
}

TEST(ExampleClips, WithoutADatasetThereAreNone) {
  const TemporaryDirectory folder;
  EXPECT_TRUE(example_clips(folder.path(), 6).empty());
}

}  // namespace
}  // namespace midillama::serve
