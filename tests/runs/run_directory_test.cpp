#include "midillama/runs/run_directory.h"

#include "midillama/core/file.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace midillama::runs {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

class RunDirectories : public testing::Test {
 protected:
  std::unique_ptr<RunDirectory> open(Start start) const { return std::make_unique<RunDirectory>(stage_, "sft", start); }

  // A run of some steps, each with a checkpoint.
  void train(Start start, const std::string& text, std::int64_t steps) const {
    const auto run = open(start);
    write_files(*run, text);
    for (std::int64_t step = 1; step <= steps; ++step) checkpoint(*run, text, step);
  }

  static void write_files(const RunDirectory& run, const std::string& text) {
    for (const char* name : {kConfigFile, kMetricsFile, kLogFile}) write_atomically(run.working() / name, text);
  }

  static void checkpoint(RunDirectory& run, const std::string& text, std::int64_t step) {
    run.write_checkpoint(step, 2, [&](const fs::path& directory) { write_atomically(directory / "weights", text); });
  }

  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(stage_)) {
      if (entry.is_regular_file()) files[fs::relative(entry.path(), stage_)] = read_text(entry.path());
    }
    return files;
  }

  TemporaryDirectory folder_;
  fs::path stage_ = folder_.path() / "run/sft";
};

TEST_F(RunDirectories, OneWriterAtATime) {
  const auto run = open(Start::fresh);
  for (const Start start : {Start::fresh, Start::resume, Start::overwrite}) {
    EXPECT_THAT(error_of([&] { open(start); }), AllOf(HasSubstr("run/sft"), HasSubstr("is being written by process")));
  }
}

TEST_F(RunDirectories, ARunIsNotOverwrittenByAccident) {
  train(Start::fresh, "old", 1);
  EXPECT_THAT(error_of([&] { open(Start::fresh); }), AllOf(HasSubstr("--resume"), HasSubstr("--overwrite")));
}

TEST_F(RunDirectories, AStartThatFailsLeavesNothing) {
  open(Start::fresh);
  EXPECT_FALSE(fs::exists(stage_));
}

TEST_F(RunDirectories, OverwriteKeepsTheOldRunUntilTheNewOneHasACheckpoint) {
  train(Start::fresh, "old", 3);
  write_atomically(stage_ / "notes.txt", "mine");
  const auto before = contents();
  {
    const auto run = open(Start::overwrite);
    write_files(*run, "new");
    EXPECT_EQ(read_text(stage_ / kMetricsFile), "old");
    EXPECT_EQ(read_text(stage_ / kLastLink / "weights"), "old");
  }
  EXPECT_EQ(contents(), before) << "the new run ended before its first checkpoint";
  {
    const auto run = open(Start::overwrite);
    write_files(*run, "new");
    checkpoint(*run, "new", 1);
    EXPECT_EQ(run->working(), stage_);
    EXPECT_EQ(read_text(stage_ / kMetricsFile), "new");
    EXPECT_EQ(read_text(stage_ / kLastLink / "weights"), "new");
    checkpoint(*run, "new", 2);
  }
  std::vector<std::string> names;
  for (const auto& [name, text] : contents()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("checkpoints/step-000001/weights", "checkpoints/step-000002/weights", "config.yaml", "log.txt",
                                 "metrics.jsonl", "notes.txt"));
}

// Whatever was done of taking over when the program was killed, the next start brings it to its end.
TEST_F(RunDirectories, AKillWhileTheNewRunTakesOverIsMadeGood) {
  for (const int moment : {0, 1, 2}) {
    fs::remove_all(stage_);
    train(Start::fresh, "old", 3);
    fs::rename(stage_, folder_.path() / "old");
    train(Start::fresh, "new", 1);
    fs::rename(stage_, folder_.path() / "new");
    fs::rename(folder_.path() / "old", stage_);
    if (moment == 0) {  // nothing yet
      fs::rename(folder_.path() / "new", stage_ / ".new-run");
    } else if (moment == 1) {  // half of the old run is gone
      fs::rename(folder_.path() / "new", stage_ / ".new-run");
      fs::remove_all(stage_ / kCheckpointsFolder);
      fs::remove(stage_ / kMetricsFile);
    } else {  // half of the new one is in place
      fs::rename(folder_.path() / "new", stage_ / ".taking-over");
      for (const char* name : {kCheckpointsFolder, kMetricsFile, kConfigFile, kLogFile, kLastLink}) fs::remove_all(stage_ / name);
      fs::rename(stage_ / ".taking-over" / kMetricsFile, stage_ / kMetricsFile);
    }
    open(Start::resume);
    EXPECT_EQ(contents(),
              (std::map<std::string, std::string>{
                  {"checkpoints/step-000001/weights", "new"}, {"config.yaml", "new"}, {"log.txt", "new"}, {"metrics.jsonl", "new"}}))
        << moment;
    EXPECT_EQ(read_text(stage_ / kLastLink / "weights"), "new") << moment;
  }
}

TEST_F(RunDirectories, ANewRunWithoutACheckpointWasNone) {
  train(Start::fresh, "old", 1);
  const auto before = contents();
  write_atomically(stage_ / ".new-run" / kMetricsFile, "new");
  open(Start::resume);
  EXPECT_EQ(contents(), before);
}

}  // namespace
}  // namespace midillama::runs
