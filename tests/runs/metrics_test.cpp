#include "midillama/runs/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::runs {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class MetricsFile : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return directory_.path() / name; }

  TemporaryDirectory directory_;
};

TEST_F(MetricsFile, AResumedLogHoldsEachStepOnce) {
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

TEST_F(MetricsFile, ARowIsOnDiskAsSoonAsItIsWritten) {
  MetricsLog log(path("m.jsonl"), 0);
  log.write({{"step", 1}, {"loss", 0.25}});
  EXPECT_EQ(read_text(path("m.jsonl")), "{\"step\":1,\"loss\":0.25}\n");
}

TEST_F(MetricsFile, ARowThatIsNestedTooDeepIsNone) {
  const std::string deep = std::string(300'000, '[') + std::string(300'000, ']');
  std::ofstream(path("m.jsonl")) << "{\"step\": 1, \"loss\": " + deep + "}\n{\"step\": 2, \"loss\": 1.0}\n";
  EXPECT_EQ(read_metrics(path("m.jsonl")).size(), 1u);
}

TEST_F(MetricsFile, ARowWithoutALossIsNone) {
  std::ofstream(path("m.jsonl")) << "{\"step\": 1}\n{\"step\": 2, \"loss\": \"low\"}\n{\"step\": 3, \"loss\": 1}\n";
  EXPECT_EQ(read_metrics(path("m.jsonl")).size(), 1u);
}

TEST_F(MetricsFile, LinesThatAreNoRowsAreNamed) {
  std::ofstream(path("m.jsonl")) << "garbage\n{\"step\": 2, \"loss\": 1}\n{\"step\": 3, \"loss\": 1, \"split\": 3}\n{\"step\": 4, \"lo";
  EXPECT_EQ(read_metrics(path("m.jsonl")).size(), 1u);
  EXPECT_THAT(broken_lines(path("m.jsonl")), ElementsAre(1u, 3u, 4u));
  EXPECT_TRUE(broken_lines(path("none.jsonl")).empty());
}

TEST_F(MetricsFile, ANewRunForgetsOldRows) {
  MetricsLog(path("m.jsonl"), 0).write({{"step", 1}, {"loss", 1.0}});
  MetricsLog(path("m.jsonl"), 0).write({{"step", 1}, {"loss", 1.0}});
  EXPECT_EQ(read_metrics(path("m.jsonl")).size(), 1u);
}

}  // namespace
}  // namespace midillama::runs
