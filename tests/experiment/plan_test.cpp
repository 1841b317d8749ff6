#include "midillama/experiment/plan.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace midillama::experiment {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing_support::error_of;

const std::string kSmall = R"(
title: A table
config: configs/folk/default.yaml
dir: runs/table
seeds: [1, 2]
systems:
  - {name: MIDI-LLaMA, stages: [align, sft], answers: ["true", shuffled]}
  - {name: Llama zero-shot, answers: [zero-shot], set: ["llm.dtype=float32"]}
)";

TEST(Plan, IsReadWithItsRuns) {
  const Plan plan = parse_plan(kSmall, "t.yaml");
  const auto runs = runs_of(plan);
  ASSERT_EQ(runs.size(), 2U);
  ASSERT_EQ(runs[0].size(), 2U);
  EXPECT_EQ(runs[0][1].folder, "runs/table/midi-llama/seed-2");
  ASSERT_EQ(runs[1].size(), 1U) << "what is not trained has no seeds";
  EXPECT_EQ(answers_folder(plan, runs[1][0], plan.tests[0], "qa", "zero-shot"), "runs/table/llama-zero-shot/eval/qa/zero-shot");
}

TEST(Plan, KeepsOtherTestsApart) {
  Plan plan = parse_plan(kSmall + "tests: [{name: folk}, {name: Classical, set: [\"data.dir=data/classical\"]}]\n", "t.yaml");
  const auto run = runs_of(plan)[0][0];
  EXPECT_EQ(answers_folder(plan, run, plan.tests[0], "qa", "true"), "runs/table/midi-llama/seed-1/eval/qa/true");
  EXPECT_EQ(answers_folder(plan, run, plan.tests[1], "qa", "true"), "runs/table/midi-llama/seed-1/tests/classical/eval/qa/true");
}

TEST(Plan, HasEveryMistakeWithItsPlace) {
  const std::string error = error_of([] {
    parse_plan(R"(title: ""
config: c.yaml
dir: runs/x
tasks: [qa, singing]
systems:
  - {name: A, stages: [train]}
  - {name: a, published: none, set: [x]}
)",
               "t.yaml");
  });
  EXPECT_THAT(error,
              AllOf(HasSubstr("line 1: title"), HasSubstr("\"singing\""), HasSubstr("\"train\""),
                    HasSubstr("systems[1].name: is there twice"), HasSubstr("no row \"none\""), HasSubstr("\"x\", must be key=value")));
  EXPECT_THAT(error_of([] { parse_plan(kSmall + "colour: red\n", "t.yaml"); }), HasSubstr("colour"));
  EXPECT_THAT(error_of([] { parse_plan(kSmall + "published_by: us\npublished: [{name: x, qa: [1, 2]}]\n", "t.yaml"); }),
              HasSubstr("four numbers"));
}

TEST(Plan, IsWrongBeforeHoursOfTraining) {
  const auto mistakes = [](const std::string& more) { return error_of([&] { parse_plan(kSmall + more, "t.yaml"); }); };
  EXPECT_THAT(error_of([] { parse_plan("title: t\nconfig: c\ndir: d\nseeds: [1, 1]\nsystems: [{name: A}]\n", "t.yaml"); }),
              HasSubstr("line 4: seeds: [1, 1], must not name one twice"));
  EXPECT_THAT(mistakes("tasks: [qa, qa]\n"), HasSubstr("tasks"));
  EXPECT_THAT(mistakes("published_by: us\npublished: [{name: x, qa: [48.6, 1, 0, 0]}]\n"), HasSubstr("must be from 0 to 1"));
  EXPECT_THAT(mistakes("published_by: us\npublished: [{name: x}, {name: x}]\n"), HasSubstr("published: [x, x]"));
  EXPECT_THAT(error_of([] { parse_plan("title: t\nconfig: c.yaml\ndir: d\nsystems: [{name: A, answers: [shufled]}]\n", "t.yaml"); }),
              HasSubstr("systems[0].answers: \"shufled\""));
}

TEST(Plan, ATaskHasItsOwnStageAndRows) {
  const std::string both =
      "title: t\nconfig: c\ndir: d\ntasks: [genre, melody]\nsystems:\n  - {name: A, stages: [classify, melody], answers: [cnn, "
      "transformer]}\n";
  const Plan plan = parse_plan(both, "t.yaml");
  const System& system = plan.systems[0];
  EXPECT_EQ(tested_stage(system, "genre"), "classify");
  EXPECT_EQ(tested_stage(system, "melody"), "melody");
  EXPECT_THAT(answers_to(system, "genre"), testing::ElementsAre("cnn"));
  EXPECT_THAT(answers_to(system, "melody"), testing::ElementsAre("transformer"));
  const auto error = [](const std::string& rest) {
    return error_of(
        [&] { parse_plan("title: t\nconfig: c\ndir: d\ntasks: [genre, melody]\nsystems:\n  - {name: A, " + rest + "}\n", "t.yaml"); });
  };
  EXPECT_THAT(error("stages: [classify], answers: [cnn, transformer]"), HasSubstr("the task melody tests what the stage melody trains"));
  EXPECT_THAT(error("stages: [classify, melody], answers: [cnn]"), HasSubstr("the task melody has no row among them"));
  EXPECT_THAT(error("stages: [classify], tasks: [genre], answers: [transformer]"), HasSubstr("\"transformer\""));
}

TEST(Plan, ReadsTheConfigurationOfEverySystem) {
  const TemporaryDirectory folder;
  const auto error = [&](const std::string& config, const std::string& set) {
    const auto file = folder.path() / "plan.yaml";
    write_atomically(file, "title: t\nconfig: " + config + "\ndir: d\nsystems: [{name: A, set: [" + set + "]}]\n");
    return error_of([&] { read_plan(file); });
  };
  EXPECT_EQ(error("configs/folk/default.yaml", "lora.rank=4"), "no error");
  EXPECT_THAT(error("configs/folk/default.yaml", "lora.rnak=4"), AllOf(HasSubstr("systems[0].set"), HasSubstr("lora.rnak")));
  EXPECT_THAT(error("no/such.yaml", ""), HasSubstr("no/such.yaml"));
}

TEST(Plan, AFileThatIsNotThereIsAMistakeOfUsage) {
  EXPECT_THROW(read_plan("no/such.yaml"), ConfigError);
}

TEST(Plan, OfEveryShippedExperimentIsRight) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("configs")) {
    const std::string name = entry.path().filename().string();
    if (name != "table1.yaml" && name != "transfer.yaml" && name != "experiment.yaml") continue;
    const Plan plan = read_plan(entry.path());
    EXPECT_TRUE(std::filesystem::exists(plan.config)) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 2U);
}

TEST(FolderName, IsPlain) {
  EXPECT_EQ(folder_name("MIDI-LLaMA, 4 tokens"), "midi-llama-4-tokens");
  EXPECT_EQ(folder_name("../etc"), "etc");
  EXPECT_EQ(folder_name("B (of C)"), "b-of-c");
}

}  // namespace
}  // namespace midillama::experiment
