// `midillama report` as a user calls it.
#include "midillama/core/file.h"
#include "midillama/core/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ProcessResult report(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {MIDILLAMA_BINARY, "report"});
  return run_process(arguments);
}

TEST(Report, WritesThePageOfAHalfTrainedRunIntoIt) {
  const TemporaryDirectory folder;
  const auto run = folder.path() / "folk";
  write_atomically(run / "align/metrics.jsonl", "{\"step\": 1, \"loss\": 2.5}\n{\"step\": 2, \"lo");
  write_atomically(run / "align/config.yaml", "run:\n  dir: folk\n");
  const ProcessResult result = report({run.string()});
  EXPECT_EQ(result.status, 0) << result.error_output;
  EXPECT_EQ(result.output, (run / "report.html").string() + "\n");
  EXPECT_THAT(read_text(run / "report.html"), AllOf(HasSubstr("<h1>Run folk</h1>"), HasSubstr("align is not finished"),
                                                    HasSubstr("midillama eval --task qa"), HasSubstr("dir: folk")));
  const auto elsewhere = folder.path() / "pages/folk.html";
  EXPECT_EQ(report({run.string(), "--out", elsewhere.string(), "--examples", "0"}).status, 0);
  EXPECT_EQ(read_text(elsewhere), read_text(run / "report.html"));
}

TEST(Report, RefusesWhatIsNoRunAndNoNumber) {
  const TemporaryDirectory folder;
  const ProcessResult empty = report({folder.path().string()});
  EXPECT_EQ(empty.status, 1);
  EXPECT_THAT(empty.error_output, HasSubstr(folder.path().string() + ": is no run"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "report.html"));
  EXPECT_THAT(report({(folder.path() / "none").string()}).error_output, HasSubstr("is no folder"));
  EXPECT_EQ(report({}).status, 2);
  EXPECT_EQ(report({folder.path().string(), "--examples", "-1"}).status, 2);
  EXPECT_THAT(report({"--help"}).output, HasSubstr("Example:"));
}

}  // namespace
}  // namespace midillama
