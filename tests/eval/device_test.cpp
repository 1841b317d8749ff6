// Evaluation on a device whose memory the host may not read (support/device_backend.h) finds what it finds on the processor.
#include "eval/tiny_world.h"
#include "midillama/eval/bert_score.h"
#include "midillama/eval/evaluate.h"
#include "midillama/systems/answerer.h"
#include "support/device_backend.h"

#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

using testing_support::strict_device;

TEST(DeviceBertScore, EqualsTheProcessors) {
  const Json golden = read_json("tests/golden/eval/bert_score.json");
  std::vector<metrics::ScoredText> examples;
  for (const auto& entry : golden["examples"]) examples.push_back({entry["prediction"], entry["references"]});
  for (const char* folder : {"tests/golden/eval/tiny_roberta", "tests/golden/eval/tiny_bert"}) {
    const config::BertScore config = {.path = folder, .layer = 2};
    const auto expected = BertScorer(config, torch::kCPU).score(examples), scores = BertScorer(config, strict_device()).score(examples);
    ASSERT_EQ(scores.size(), expected.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(scores[i].precision, expected[i].precision, 1e-5) << folder << " " << i;
      EXPECT_NEAR(scores[i].recall, expected[i].recall, 1e-5) << folder << " " << i;
      EXPECT_NEAR(scores[i].f1, expected[i].f1, 1e-5) << folder << " " << i;
    }
  }
}

TEST(DeviceEvaluate, AWholeReportEqualsTheProcessors) {
  TinyWorld world;
  const auto group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(10));
  const auto run = [&](torch::Device device, const std::string& folder) {
    world.config.run.dir = world.path(folder);
    const EvalOptions options{
        .task = "qa", .systems = systems::comparison_names(), .writes_report = true, .checkpoint = world.path("checkpoint"), .split = ""};
    return evaluate(world.config, options, device, *group);
  };
  const auto expected = run(torch::kCPU, "cpu"), report = run(strict_device(), "strict");
  for (const std::string& system : systems::comparison_names()) {
    const std::string file = "/eval/qa/" + system + "/predictions.jsonl";
    EXPECT_EQ(read_text(world.path("strict" + file)), read_text(world.path("cpu" + file)));
  }
  ASSERT_EQ(report.tasks.size(), expected.tasks.size());
  EXPECT_EQ(report.tasks[0].rows.size(), expected.tasks[0].rows.size());
}

}  // namespace
}  // namespace midillama::eval
