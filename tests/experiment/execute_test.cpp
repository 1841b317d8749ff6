#include "midillama/experiment/execute.h"

#include "experiment/world.h"
#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::experiment {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  for_each_line(file, [&](std::string_view line, std::size_t) { lines.emplace_back(line); });
  return lines;
}

TEST(Execute, TrainsEveryStageOfEverySeedAndThenAsks) {
  const World world;
  const auto calls = world.folder() / "calls";
  Plan plan =
      world.plan({{.name = "A", .set = {"lora.rank=4"}, .stages = {"align", "sft"}, .answers = {"true", "shuffled", "linear-probe"}}});
  plan.seeds = {1, 2};
  plan.set = {"lora.alpha=8"};
  const std::string program = world.script("echo \"$@\" >> " + calls.string() + "\n");
  EXPECT_THAT(execute(plan, program), IsEmpty());
  const std::string run = plan.dir + "/a/seed-1";
  const auto lines = lines_of(calls);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0],
            "train --stage align --resume --config none.yaml --set lora.alpha=8 --set lora.rank=4 --set run.seed=1 --set run.dir=" + run);
  EXPECT_EQ(lines[2], "eval --task qa --music true,shuffled --checkpoint " + run +
                          "/sft --config none.yaml --set lora.alpha=8 --set lora.rank=4 --set run.seed=1 --set run.dir=" + run);
  EXPECT_THAT(lines[4], AllOf(HasSubstr("--stage sft"), HasSubstr("run.seed=2"), HasSubstr("seed-2")));
  EXPECT_GT(read_costs(run).at("align").peak_memory, 1 << 16);
}

TEST(Execute, StartsEachStepByTheLauncher) {
  const World world;
  const auto calls = world.folder() / "calls";
  Plan plan = world.plan({{.name = "A", .stages = {"sft"}}});
  const std::string program = world.script("echo \"$RANKS $@\" >> " + calls.string() + "\n");
  plan.launcher = {"env", "RANKS=2"};
  execute(plan, program);
  EXPECT_THAT(lines_of(calls), ElementsAre(HasSubstr("2 train --stage sft"), HasSubstr("2 eval --task qa")));
}

TEST(Execute, AsksTheQuestionsOfOtherTestsInFoldersOfTheirOwn) {
  const World world;
  const auto calls = world.folder() / "calls";
  Plan plan = world.plan({{.name = "A", .answers = {"zero-shot"}}});
  plan.tests = {{.name = "one"}, {.name = "two", .set = {"data.dir=there"}}};
  execute(plan, world.script("echo \"$@\" >> " + calls.string() + "\n"));
  EXPECT_THAT(lines_of(calls), ElementsAre(HasSubstr("--set run.dir=" + plan.dir + "/a"),
                                           HasSubstr("--set data.dir=there --set run.dir=" + plan.dir + "/a/tests/two")));
}

TEST(Execute, SharesTheEncodedClips) {
  const World world;
  Plan plan = world.plan({{.name = "A", .stages = {"sft"}}, {.name = "B", .answers = {"zero-shot"}}});
  plan.tests = {{.name = "one"}, {.name = "two", .set = {"data.dir=there"}}};
  const std::string last = "for last; do :; done; dir=${last#run.dir=}; echo x > $dir/cache/$(basename $dir)\n";
  EXPECT_THAT(execute(plan, world.script(last)), IsEmpty());
  EXPECT_THAT(execute(plan, world.script(last)), IsEmpty()) << "again, over what is there";
  for (const char* name : {"seed-1", "two", "b"}) EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(plan.dir) / "cache" / name));
}

TEST(Execute, GoesOnWithTheOthersWhereOneFails) {
  const World world;
  const Plan plan = world.plan({{.name = "A", .stages = {"sft"}}, {.name = "B", .stages = {"sft"}}});
  const auto problems =
      execute(plan, world.script("case \"$*\" in *dir=*/a/*) echo; echo 'llm.path: is no folder' >&2; echo; exit 1;; esac\n"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems.begin()->first, plan.dir + "/a/seed-1");
  EXPECT_EQ(problems.begin()->second, "sft failed: llm.path: is no folder");
}

}  // namespace
}  // namespace midillama::experiment
