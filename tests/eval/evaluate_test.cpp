#include "midillama/eval/evaluate.h"

#include "eval/tiny_world.h"
#include "midillama/core/hash.h"
#include "midillama/core/lock.h"
#include "midillama/eval/prediction.h"
#include "midillama/runs/example_scores.h"
#include "midillama/systems/answerer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct EvaluateTest : testing::Test {
  Report run(const EvalOptions& options) { return evaluate(world.config, options, torch::kCPU, *group); }
  EvalOptions options(const std::string& task, std::vector<std::string> systems = {"true"}) const {
    return {.task = task, .systems = std::move(systems), .writes_report = false, .checkpoint = world.path("checkpoint"), .split = ""};
  }
  std::filesystem::path row(const std::string& task, const std::string& name) const { return world.path("runs/eval/" + task + "/" + name); }

  TinyWorld world;
  std::unique_ptr<parallel::ProcessGroup> group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(10));
};

std::vector<std::string> names(const TaskReport& task) {
  std::vector<std::string> names;
  for (const auto& row : task.rows) names.push_back(row.name);
  return names;
}

TEST_F(EvaluateTest, OneTaskWithItsMusic) {
  const auto report = run(options("qa"));
  ASSERT_EQ(report.tasks.size(), 1U);
  EXPECT_EQ(report.tasks[0].examples, 12);
  EXPECT_THAT(names(report.tasks[0]), ElementsAre("true"));
  EXPECT_EQ(report.split, "test");
  const auto predictions = read_predictions(row("qa", "true") / "predictions.jsonl");
  ASSERT_EQ(predictions.size(), 12U);
  EXPECT_EQ(predictions[1].id, "test-0:key");
  EXPECT_EQ(predictions[1].question, "Which key is it in?");
  EXPECT_THAT(predictions[1].references, ElementsAre("G major."));
  EXPECT_TRUE(std::filesystem::exists(row("qa", "true") / "scores.json"));
  EXPECT_FALSE(std::filesystem::exists(world.path("runs/eval/report.md")));
}

TEST_F(EvaluateTest, WhatIsMeasuredOfEachAnswerGivesTheReport) {
  const auto report = run(options("qa", {"true", "most-frequent"}));
  for (const auto& of_row : report.tasks[0].rows) {
    const auto scores = runs::read_example_scores(row("qa", of_row.name) / runs::kExampleScoresFile);
    ASSERT_EQ(scores.ids.size(), 12U);
    EXPECT_EQ(scores.ids[1], "test-0:key");
    for (const auto& metric : of_row.metrics)
      EXPECT_DOUBLE_EQ(runs::ExampleScores::find(scores.metrics, metric.name)->value_of_all(), metric.score);
    for (const auto& accuracy : of_row.accuracy)
      EXPECT_DOUBLE_EQ(runs::ExampleScores::find(scores.accuracies, accuracy.tag)->value_of_all(), accuracy.value());
  }
}

TEST_F(EvaluateTest, TheFullReportOfBothTasks) {
  for (const std::string task : {"qa", "caption"}) {
    auto all = options(task, systems::comparison_names());
    all.writes_report = true;
    const auto report = run(all);
    EXPECT_THAT(names(report.tasks[0]), ElementsAre("true", "shuffled", "zero", "mean", "none", "most-frequent", "linear-probe"));
    const auto& frequent = report.tasks[0].rows[5];
    const auto& probe = report.tasks[0].rows[6];
    ASSERT_EQ(frequent.accuracy.size(), 2U);
    EXPECT_EQ(frequent.accuracy[0].value(), 0.5);  // half of the tunes are of either sort
    EXPECT_EQ(frequent.accuracy[0].total, 6);
    EXPECT_EQ(probe.accuracy[0].value(), 1.0);  // upwards and downwards are far apart even for a random encoder
    EXPECT_TRUE(probe.metrics.empty());
    EXPECT_EQ(read_predictions(row(task, "most-frequent") / "predictions.jsonl")[0].prediction,
              task == "qa" ? "It is a jig." : "A jig in D minor.");
  }
  EXPECT_EQ(read_report(world.path("runs/eval/report.json")).tasks.size(), 2U);
  EXPECT_THAT(read_text(world.path("runs/eval/report.md")), testing::AllOf(HasSubstr("## Question answering"), HasSubstr("## Captioning")));
}

TEST_F(EvaluateTest, WhereTheClipIsTextNothingTakesThePlaceOfVectors) {
  world.config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  world.config.prompt.notes = "note-list";
  world.config.prompt.max_length = 100;
  std::filesystem::remove_all(world.path("checkpoint"));
  std::filesystem::create_directories(world.path("checkpoint"));
  auto all = options("qa", systems::comparison_names());
  all.writes_report = true;
  EXPECT_THAT([&] { run(all); }, ThrowsMessage<UsageError>(HasSubstr("\"zero\" takes the place of musical tokens")));
  EXPECT_FALSE(std::filesystem::exists(row("qa", "true"))) << "it is known before anything is answered";
  all.leaves_out = true;
  EXPECT_THAT(names(run(all).tasks[0]), ElementsAre("true", "shuffled", "none", "most-frequent")) << "nor is there a probe";
}

TEST_F(EvaluateTest, TheLanguageModelBeforeTrainingNeedsNoCheckpoint) {
  auto bare = options("qa", {"zero-shot", "most-frequent"});
  bare.checkpoint.clear();
  bare.writes_report = true;
  world.config.music_encoder.path = world.path("nowhere");
  EXPECT_THAT(names(run(bare).tasks[0]), ElementsAre("zero-shot", "most-frequent"));
  EXPECT_THAT(read_text(world.path("runs/eval/report.md")), HasSubstr("No checkpoint, split `test`."));
}

TEST_F(EvaluateTest, AnswersAreUsedAgainWhileNothingChanged) {
  run(options("qa"));
  const auto file = row("qa", "true") / "predictions.jsonl";
  const auto written = std::filesystem::last_write_time(file);
  run(options("qa"));
  EXPECT_EQ(std::filesystem::last_write_time(file), written);
  world.write_checkpoint(2);
  run(options("qa"));
  const auto rewritten = std::filesystem::last_write_time(file);
  EXPECT_NE(rewritten, written) << "another projector answers otherwise";
  world.config.generate.max_new_tokens = 3;
  run(options("qa"));
  EXPECT_NE(std::filesystem::last_write_time(file), rewritten) << "shorter answers are other answers";
}

TEST_F(EvaluateTest, TwoAtOnceInOneRunAreRefused) {
  const WriterLock other(world.path("runs/eval"));
  EXPECT_THAT([&] { run(options("qa")); }, ThrowsMessage<InputError>(HasSubstr("process")));
  EXPECT_FALSE(std::filesystem::exists(row("qa", "true")));
}

TEST_F(EvaluateTest, AnswersToOtherQuestionsAreNotUsed) {
  const Report first = run(options("qa"));
  const auto file = row("qa", "true") / "predictions.jsonl", source = row("qa", "true") / "source.json";
  auto predictions = read_predictions(file);
  predictions.pop_back();
  write_predictions(file, predictions);
  Json told = read_json(source);
  told["predictions"] = fingerprint_file(file);
  write_atomically(source, told.dump() + "\n");
  EXPECT_EQ(run(options("qa")).tasks[0].examples, first.tasks[0].examples);
  EXPECT_EQ(read_predictions(file).size(), predictions.size() + 1);
}

TEST_F(EvaluateTest, MaxExamplesAreSpreadOverTheSplit) {
  world.config.eval.max_examples = 3;
  EXPECT_EQ(run(options("qa")).tasks[0].examples, 3);
  const auto predictions = read_predictions(row("qa", "true") / "predictions.jsonl");
  EXPECT_EQ(predictions[0].id, "test-0:dance");
  EXPECT_EQ(predictions[1].id, "test-2:dance");
  EXPECT_EQ(predictions[2].id, "test-4:dance");
}

TEST_F(EvaluateTest, ASplitWithoutTheTaskIsRefused) {
  std::string captions;
  for_each_json_line(world.path("data/test.jsonl"), [&](const Json& line, std::size_t) {
    if (line["task"] == "caption") captions += line.dump() + "\n";
  });
  write_atomically(world.path("data/test.jsonl"), captions);
  EXPECT_THAT([&] { run(options("qa")); }, ThrowsMessage<InputError>(HasSubstr("no question of the task \"qa\"")));
}

// Two questions about each test clip: in another wording, and for yes or no.
void write_unseen(const TinyWorld& world) {
  std::string lines;
  for_each_json_line(world.path("data/test.jsonl"), [&](const Json& line, std::size_t) {
    if (line["tag"] != "dance") return;
    auto asked = line;
    asked["id"] = line["id"].get<std::string>() + ".unseen";
    asked["question"] = "What would they dance?";
    lines += asked.dump() + "\n";
    asked["id"] = line["id"].get<std::string>() + ".yes";
    asked["question"] = "A jig?";
    asked["yes_if"] = "jig";
    asked["answer"] = line["facts"]["dance"] == "jig" ? "Yes." : "No.";
    lines += asked.dump() + "\n";
  });
  write_atomically(world.path("data/unseen.jsonl"), lines);
}

TEST_F(EvaluateTest, UnseenWordingsByHowTheyAreAsked) {
  write_unseen(world);
  for (const std::string task : {"qa", "unseen"}) {
    auto several = options(task, {"true", "zero-shot", "most-frequent"});
    several.writes_report = true;
    const auto report = run(several);
    EXPECT_EQ(report.tasks[0].examples, 12);
    EXPECT_THAT(names(report.tasks[0]), ElementsAre("true", "zero-shot", "most-frequent", "linear-probe"));
  }
  const auto report = read_report(world.path("runs/eval/report.json"));
  ASSERT_EQ(report.tasks.size(), 2U) << "the questions of both tasks belong to one model";
  const auto& unseen = report.tasks[1];
  EXPECT_EQ(unseen.task, "unseen");
  const auto& frequent = unseen.rows[2].forms;
  ASSERT_EQ(frequent.size(), 2U);
  EXPECT_EQ(frequent[0].form, "one-fact");
  EXPECT_EQ(frequent[0].accuracy[0].correct, 3);
  EXPECT_EQ(frequent[1].form, "yes-no");
  EXPECT_EQ(frequent[1].accuracy[0].correct, 3) << "one answer for all, as most of the training facts have it";
  EXPECT_EQ(unseen.rows[3].forms[1].accuracy[0].correct, 6) << "what the probe reads decides between yes and no";
  EXPECT_TRUE(report.tasks[0].rows[0].forms.empty());
  EXPECT_THAT(read_text(world.path("runs/eval/report.md")), testing::AllOf(HasSubstr("| most frequent answer, trained wordings | "),
                                                                           HasSubstr("| most frequent answer, yes or no | 0.500 ")));
}

TEST_F(EvaluateTest, AnotherRunsAnswersToTheSameQuestions) {
  const std::string run_dir = world.config.run.dir;
  run(options("qa"));
  world.config.run.dir = world.path("other");
  auto beside = options("qa", {"most-frequent"});
  beside.beside = run_dir;
  world.config.eval.max_examples = 5;
  const auto report = run(beside);
  EXPECT_THAT(names(report.tasks[0]), ElementsAre("most-frequent", run_dir));
  EXPECT_EQ(report.tasks[0].rows[1].accuracy[0].total, report.tasks[0].rows[0].accuracy[0].total);
  write_unseen(world);
  beside.task = "unseen";
  std::filesystem::create_directories(world.path("runs/eval/unseen"));
  std::filesystem::copy(world.path("runs/eval/qa/true"), world.path("runs/eval/unseen/true"));
  EXPECT_THAT([&] { run(beside); }, ThrowsMessage<InputError>(HasSubstr("is not answered there")));
}

}  // namespace
}  // namespace midillama::eval
