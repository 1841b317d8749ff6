#include "midillama/runs/trainer_state.h"

#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::runs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;

TrainerState state_of(const config::Config& config) {
  TrainerState state;
  state.stage = "sft";
  state.step = 3;
  state.steps = 7;
  state.essentials = essentials(config, {"lora.", "llm.path"});
  return state;
}

TEST(TrainerState, IsReadAsItWasWritten) {
  const TemporaryDirectory folder;
  const TrainerState state = state_of({});
  state.write(folder.path());
  const TrainerState read = TrainerState::read(folder.path());
  EXPECT_EQ(read.step, 3);
  EXPECT_EQ(read.essentials, state.essentials);
  EXPECT_TRUE(read.essentials.contains("lora.rank"));
  EXPECT_TRUE(read.essentials.contains("train.learning_rate"));
  EXPECT_FALSE(read.essentials.contains("train.checkpoint_every"));
  EXPECT_FALSE(read.essentials.contains("llm.dtype"));
}

TEST(TrainerState, EveryDifferenceIsNamed) {
  config::Config config;
  const TrainerState saved = state_of(config);
  config.lora.rank = 2;
  config.run.seed = 5;
  config.train.validate_every = 5;
  const std::string error = error_of([&] { require_same_settings(saved, config, "here"); });
  EXPECT_THAT(error, AllOf(HasSubstr("lora.rank was 8, is 2"), HasSubstr("run.seed was 1, is 5"), Not(HasSubstr("validate"))));
}

TEST(TrainerState, AKeyThatAnEarlierVersionDidNotKnowIsNoDifference) {
  TrainerState saved = state_of({});
  saved.essentials.erase("lora.rank");
  EXPECT_EQ(error_of([&] { require_same_settings(saved, {}, "here"); }), "no error");
}

TEST(TrainerState, OtherDataModelsAndStepsAreNamed) {
  TrainerState saved = state_of({}), now = saved;
  saved.fingerprints["llm.path"] = "a";
  now.fingerprints["llm.path"] = "b";
  now.data_fingerprint = "other";
  now.steps = 9;
  EXPECT_THAT(error_of([&] { require_same_run(saved, now, "here"); }),
              HasSubstr("the fingerprint of llm.path was \"a\", is \"b\"; the data changed; the number of steps was 7, is 9"));
  EXPECT_EQ(error_of([&] { require_same_run(saved, saved, "here"); }), "no error");
}

}  // namespace
}  // namespace midillama::runs
