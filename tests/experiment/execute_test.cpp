#include "midillama/experiment/execute.h"

#include "experiment/world.h"
#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace midillama::experiment {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  EXPECT_EQ(execute(plan, program).size(), 0U);
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

TEST(Execute, AsksEachSystemForItsOwnTasks) {
  const World world;
  const auto calls = world.folder() / "calls";
  Plan plan = world.plan({{.name = "A", .answers = {"zero-shot"}, .tasks = {"qa"}},
                          {.name = "B", .stages = {"melody"}, .answers = {"transformer"}, .tasks = {"melody"}}});
  plan.tasks = {"qa", "melody"};
  execute(plan, world.script("echo \"$@\" >> " + calls.string() + "\n"));
  EXPECT_THAT(lines_of(calls), ElementsAre(HasSubstr("eval --task qa --music zero-shot"), HasSubstr("train --stage melody"),
                                           AllOf(HasSubstr("eval --task melody --checkpoint"), ::testing::Not(HasSubstr("--music")))));
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
  EXPECT_EQ(execute(plan, world.script(last)).size(), 0U);
  EXPECT_EQ(execute(plan, world.script(last)).size(), 0U) << "again, over what is there";
  for (const char* name : {"seed-1", "two", "b"}) EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(plan.dir) / "cache" / name));
}

TEST(Execute, GoesOnWithTheOthersWhereOneFails) {
  const World world;
  const Plan plan = world.plan({{.name = "A", .stages = {"sft"}}, {.name = "B", .stages = {"sft"}}});
  const auto problems =
      execute(plan, world.script("case \"$*\" in *dir=*/a/*) echo; echo 'llm.path: is no folder' >&2; echo; exit 1;; esac\n"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(*problems.find(runs_of(plan)[0][0]), "sft failed: llm.path: is no folder");
  EXPECT_EQ(problems.find(runs_of(plan)[1][0]), nullptr);
}

std::string problem_of(const World& world, const Plan& plan, const std::string& lines) {
  const auto problems = execute(plan, world.script(lines));
  const std::string* problem = problems.find(runs_of(plan)[0][0], plan.tests[0], plan.tasks[0]);
  return problem == nullptr ? "" : *problem;
}

TEST(Execute, TellsWhatAStepSaidWasWrongAndNotWhatItSaidLast) {
  const World world;
  const Plan plan = world.plan({{.name = "A", .answers = {"zero-shot"}}});
  EXPECT_EQ(problem_of(world, plan, "echo 'error: the configuration has a mistake:'; echo '  a: b'; echo 'info: see --help'; exit 2\n"),
            "eval qa failed: the configuration has a mistake: a: b");
  EXPECT_EQ(problem_of(world, plan, "echo 'error: no call was answered'; echo 'error: the same command goes on'; exit 1\n"),
            "eval qa failed: no call was answered; the same command goes on");
  EXPECT_EQ(problem_of(world, plan, "echo 'info: align 1/505'; kill -9 $$\n"), "eval qa failed: signal 9 ended it (Killed)");
  EXPECT_EQ(problem_of(world, plan, "exit 1\n"), "eval qa failed: it said nothing") << "not what an earlier try said";
}

TEST(Execute, LosesTheRowsOfNoOtherTaskWhereAnEvaluationFails) {
  const World world;
  Plan plan = world.plan({{.name = "A", .answers = {"zero-shot"}}});
  plan.tasks = {"qa", "caption"};
  const auto problems = execute(plan, world.script("case \"$*\" in *caption*) echo 'error: no'; exit 1;; esac\n"));
  const experiment::Run run = runs_of(plan)[0][0];
  EXPECT_EQ(problems.find(run, plan.tests[0], "qa"), nullptr);
  EXPECT_EQ(*problems.find(run, plan.tests[0], "caption"), "eval caption failed: no");
}

TEST(Execute, RefusesALauncherThatIsNotThereAsAReason) {
  const World world;
  Plan plan = world.plan({{.name = "A", .answers = {"zero-shot"}}});
  plan.launcher = {"no-such-launcher"};
  EXPECT_THAT(problem_of(world, plan, ""), HasSubstr("no-such-launcher could not be started"));
}

TEST(Execute, MixesNothingOfAnEarlierTraining) {
  const World world;
  Plan plan = world.plan({{.name = "A", .stages = {"align", "sft"}}});
  const std::filesystem::path run = std::filesystem::path(plan.dir) / "a/seed-1";
  // Each stage leaves its checkpoint, where there is none.
  const std::string trains = "[ $1 = train ] || exit 0; for last; do :; done; d=${last#run.dir=}/$3; [ -d $d/last ] || mkdir -p $d/last\n";
  EXPECT_EQ(problem_of(world, plan, trains), "");
  EXPECT_EQ(problem_of(world, plan, trains), "") << "again";
  std::filesystem::remove_all(run / "align");
  std::filesystem::last_write_time(run / "sft/last", std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_THAT(problem_of(world, plan, trains), AllOf(HasSubstr("sft is older than the align"), HasSubstr("remove")));
  plan.systems[0].stages = {"sft"};
  EXPECT_THAT(problem_of(world, plan, trains), AllOf(HasSubstr("a/seed-1/align is there"), HasSubstr("do not name")));
}

}  // namespace
}  // namespace midillama::experiment
