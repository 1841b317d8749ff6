// Metrics, checkpoints and the loss curve on disk.
#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/train/checkpoint.h"
#include "train/loss_curve.h"
#include "train/metrics_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::train {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Files : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return directory_.path() / name; }

  std::vector<std::string> names(const fs::path& directory) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory)) found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }

  static void fill(const fs::path& directory) { std::ofstream(directory / "weights") << "w"; }

  TemporaryDirectory directory_;
};

TEST_F(Files, AResumedLogHoldsEachStepOnce) {
  {
    MetricsLog log(path("m.jsonl"), 0);
    for (int step = 1; step <= 4; ++step) log.write({{"step", step}, {"loss", 1.0}});
    log.write({{"step", 4}, {"split", "valid"}, {"loss", 1.5}});
    log.write({{"step", 5}, {"loss", 1.0}});
  }
  std::ofstream(path("m.jsonl"), std::ios::app) << R"({"step": 6, "lo)";  // killed while writing
  {
    MetricsLog log(path("m.jsonl"), 4);
    log.write({{"step", 5}, {"loss", 2.0}});
  }
  const auto rows = read_metrics(path("m.jsonl"));
  std::vector<std::string> lines;
  for (const Json& row : rows) lines.push_back(row.dump());
  EXPECT_THAT(lines, ElementsAre(R"({"loss":1.0,"step":1})", R"({"loss":1.0,"step":2})", R"({"loss":1.0,"step":3})",
                                 R"({"loss":1.0,"step":4})", R"({"loss":1.5,"split":"valid","step":4})", R"({"loss":2.0,"step":5})"));
}

TEST_F(Files, ARowIsOnDiskAsSoonAsItIsWritten) {
  MetricsLog log(path("m.jsonl"), 0);
  log.write({{"step", 1}, {"loss", 0.25}});
  EXPECT_EQ(read_text(path("m.jsonl")), "{\"step\":1,\"loss\":0.25}\n");
}

TEST_F(Files, ANewRunForgetsOldRows) {
  MetricsLog(path("m.jsonl"), 0).write({{"step", 1}});
  MetricsLog(path("m.jsonl"), 0).write({{"step", 1}});
  EXPECT_EQ(read_metrics(path("m.jsonl")).size(), 1u);
}

TEST_F(Files, TheNewestCheckpointsAreKeptAndLastPointsToOne) {
  CheckpointStore store(directory_.path(), 2);
  for (const std::int64_t step : {5, 10, 999999, 1000000}) store.write(step, fill);
  EXPECT_THAT(names(path("checkpoints")), ElementsAre("step-1000000", "step-999999"));
  EXPECT_EQ(store.all().back(), path("checkpoints/step-1000000"));
  EXPECT_EQ(fs::read_symlink(path("last")), "checkpoints/step-1000000");
  EXPECT_TRUE(fs::exists(path("last/weights")));
}

TEST_F(Files, AHalfWrittenCheckpointIsNeverTakenForOne) {
  CheckpointStore store(directory_.path(), 2);
  store.write(1, fill);
  const auto fail = [](const fs::path& directory) {
    fill(directory);
    throw Error("the disk is full");
  };
  EXPECT_THROW(store.write(2, fail), Error);
  EXPECT_THAT(store.all(), ElementsAre(path("checkpoints/step-000001")));
  EXPECT_THAT(names(path("checkpoints")), ElementsAre("step-000001"));
  fs::create_directories(path("checkpoints/.unfinished-step-000002"));  // what a killed run leaves
  EXPECT_THAT(store.all(), ElementsAre(path("checkpoints/step-000001")));
  store.clean();
  EXPECT_THAT(names(path("checkpoints")), ElementsAre("step-000001"));
}

TEST_F(Files, ACheckpointIsFoundWhereItIsGivenOrWhereItWasWritten) {
  config::Config config;
  config.run.dir = path("run");
  const auto error_of = [&](const fs::path& given) -> std::string {
    try {
      return find_checkpoint(config, given).string();
    } catch (const InputError& error) {
      return error.what();
    }
  };
  EXPECT_THAT(error_of(""), AllOf(HasSubstr("--stage align"), HasSubstr("--stage sft")));
  EXPECT_EQ(last_checkpoint(config, "align"), std::nullopt);

  const auto with_projector = [](const fs::path& directory) { std::ofstream(directory / "projector.safetensors") << "p"; };
  CheckpointStore(path("run/align"), 1).write(3, with_projector);
  EXPECT_EQ(error_of(""), path("run/align/checkpoints/step-000003"));
  CheckpointStore(path("run/sft"), 1).write(7, with_projector);
  EXPECT_EQ(error_of(""), path("run/sft/checkpoints/step-000007"));
  EXPECT_EQ(error_of(path("run/align")), path("run/align/last"));
  EXPECT_EQ(error_of(path("run/align/last")), path("run/align/last"));
  EXPECT_THAT(error_of(path("run")), HasSubstr("is no checkpoint"));
}

TEST_F(Files, ADirectoryIsReplacedAsAWhole) {
  fs::create_directories(path("model"));
  std::ofstream(path("model/old")) << "old";
  write_directory(path("model"), fill);
  EXPECT_THAT(names(directory_.path()), ElementsAre("model"));
  EXPECT_THAT(names(path("model")), ElementsAre("weights"));
}

TEST(LossCurve, ShowsBothCurvesWithLabelledAxes) {
  std::vector<Point> train;
  for (int step = 1; step <= 5000; ++step) train.push_back({static_cast<double>(step), 1 + 3.0 / step});
  const std::string svg = draw_loss_curve("sft", train, {{2500, 1.4}, {5000, 1.3}});
  EXPECT_THAT(svg, AllOf(HasSubstr("<svg"), HasSubstr("</svg>"), HasSubstr(">sft<"), HasSubstr(">5000<"), HasSubstr(">1.5<"),
                         HasSubstr("validation"), HasSubstr("loss per target token"), HasSubstr(">step<")));
  EXPECT_LT(svg.size(), 120000u);
  EXPECT_THAT(draw_loss_curve("align", train, {}), Not(HasSubstr("validation")));
  EXPECT_THAT(draw_loss_curve("one step", {{1, 2.5}}, {}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace midillama::train
