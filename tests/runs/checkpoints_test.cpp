#include "midillama/runs/checkpoints.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/runs/trainer_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::runs {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Checkpoints : public testing::Test {
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

TEST_F(Checkpoints, TheNewestCheckpointsAreKeptAndLastPointsToOne) {
  CheckpointStore store(directory_.path(), 2);
  for (const std::int64_t step : {5, 10, 999999, 1000000}) store.write(step, fill);
  EXPECT_THAT(names(path("checkpoints")), ElementsAre("step-1000000", "step-999999"));
  EXPECT_EQ(store.all().back(), path("checkpoints/step-1000000"));
  EXPECT_EQ(fs::read_symlink(path("last")), "checkpoints/step-1000000");
  EXPECT_TRUE(fs::exists(path("last/weights")));
}

TEST_F(Checkpoints, AHalfWrittenCheckpointIsNeverTakenForOne) {
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

TEST_F(Checkpoints, ACheckpointIsFoundWhereItIsGivenOrWhereItWasWritten) {
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

TEST_F(Checkpoints, AreKnownByTheirState) {
  TrainerState state;
  state.stage = "sft";
  CheckpointStore(directory_.path(), 1).write(1, [&](const fs::path& directory) { state.write(directory); });
  EXPECT_EQ(find_checkpoint({}, directory_.path()), path("last"));
}

TEST_F(Checkpoints, OneOfAnUnfinishedStageIsUsedWithAWarning) {
  TrainerState state;
  state.stage = "align";
  state.steps = 20;
  for (const auto& [step, warns] : {std::pair{10, true}, {20, false}}) {
    state.step = step;
    const fs::path checkpoint =
        CheckpointStore(directory_.path(), 1).write(step, [&](const fs::path& directory) { state.write(directory); });
    testing::internal::CaptureStderr();
    find_checkpoint({}, checkpoint);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(said.find("is of step 10 of 20: align is not finished") != std::string::npos, warns) << said;
  }
}

// `scp -r` and `cp -rL` follow links.
TEST_F(Checkpoints, ACopyWhoseLinksWereFollowedIsWrittenTo) {
  CheckpointStore(path("run"), 2).write(1, fill);
  fs::copy(path("run"), path("copy"), fs::copy_options::recursive);
  ASSERT_FALSE(fs::is_symlink(path("copy/last")));
  ASSERT_TRUE(fs::exists(path("copy/last/weights")));
  CheckpointStore store(path("copy"), 2);
  store.write(2, fill);
  EXPECT_EQ(fs::read_symlink(path("copy/last")), "checkpoints/step-000002");
  EXPECT_THAT(names(path("copy")), ElementsAre("checkpoints", "last"));
}

}  // namespace
}  // namespace midillama::runs
