// A run that is interrupted and goes on is the run that was not.
#include "midillama/core/error.h"
#include "midillama/runs/checkpoints.h"
#include "parallel/agent_store.h"
#include "parallel/child_process.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "train/tiny_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

namespace midillama::train {
namespace {

namespace fs = std::filesystem;
using runs::CheckpointStore;
using runs::last_checkpoint;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing_support::ChildProcess;
using testing_support::error_of;

// Takes a finished stage back to its checkpoint before the last, as if it had been killed then.
void forget_last_checkpoint(const fs::path& stage_dir) {
  const auto checkpoints = CheckpointStore(stage_dir, 2).all();
  ASSERT_EQ(checkpoints.size(), 2u);
  fs::remove_all(checkpoints[1]);
  replace_symlink(stage_dir / "last", fs::path("checkpoints") / checkpoints[0].filename());
}

// Every file of a checkpoint with its content.
std::map<std::string, std::string> contents(const fs::path& checkpoint) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(checkpoint)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), checkpoint)] = read_binary(entry.path());
  }
  return files;
}

class Resume : public testing::TestWithParam<std::string> {};

TEST_P(Resume, GivesTheSameBits) {
  TinyWorld world;
  const std::string stage = GetParam();
  if (stage == "sft") world.train("align");
  const fs::path directory = world.train(stage);
  const auto losses = losses_of(directory);
  const auto result = contents(directory / "last/");
  ASSERT_EQ(losses.size(), 6u);

  forget_last_checkpoint(directory);
  std::ofstream(directory / "metrics.jsonl", std::ios::app) << R"({"step": 7, "lo)";
  fs::create_directories(directory / "checkpoints/.unfinished-step-000006");
  world.train(stage, true);
  EXPECT_EQ(losses_of(directory), losses);
  EXPECT_EQ(contents(directory / "last/"), result);
  EXPECT_FALSE(fs::exists(directory / "checkpoints/.unfinished-step-000006"));
  EXPECT_EQ(read_metrics(directory / "metrics.jsonl").size(), 7u);  // and one validation
}

INSTANTIATE_TEST_SUITE_P(Stages, Resume, testing::ValuesIn(config::stage_names()), [](const auto& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
});

class ResumeWhitened : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Kinds, ResumeWhitened, testing::Values("linear", "mlp", "attention"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(ResumeWhitened, GivesTheSameBits) {
  TinyWorld world;
  world.config.projector.kind = GetParam();
  world.config.projector.initialization = "whitened";
  if (world.config.projector.kind == "attention") world.config.music_encoder.pooling = "none";
  for (const std::string stage : {"align", "sft"}) {
    const fs::path directory = world.train(stage);
    const auto losses = losses_of(directory);
    const auto result = contents(directory / "last/");
    EXPECT_TRUE(result.contains("projector_whitened.safetensors")) << stage;
    forget_last_checkpoint(directory);
    world.train(stage, true);
    EXPECT_EQ(losses_of(directory), losses) << stage;
    EXPECT_EQ(contents(directory / "last/"), result) << stage;
  }
}

TEST(ResumeRun, AFinishedRunStaysAsItIs) {
  TinyWorld world;
  const auto directory = world.train("align");
  const auto losses = losses_of(directory);
  world.train("align", true);
  EXPECT_EQ(losses_of(directory), losses);
}

// A kill before the model was written, a disk that was full, a hand that slipped.
TEST(ResumeRun, AFinishedPreTrainingWhoseModelWasLostWritesItAgain) {
  TinyWorld world;
  for (const std::string stage : {"pretrain-encoder", "pretrain-llm"}) {
    const fs::path directory = world.train(stage);
    const auto whole = contents(directory / "model");
    ASSERT_FALSE(whole.empty());
    const auto losses = losses_of(directory);
    std::vector<std::function<void()>> losing = {
        [&] { fs::remove_all(directory / "model"); },
        [&] { fs::resize_file(directory / "model/model.safetensors", whole.at("model.safetensors").size() - 4); },
    };
    for (const auto& [file, content] : whole) losing.emplace_back([&directory, file] { fs::remove(directory / "model" / file); });
    for (const auto& lose : losing) {
      lose();
      world.train(stage, true);
      EXPECT_EQ(contents(directory / "model"), whole) << stage;
      EXPECT_EQ(losses_of(directory), losses) << stage;
    }
    write_atomically(directory / "model/notes.txt", "mine");
    world.train(stage, true);
    EXPECT_TRUE(fs::exists(directory / "model/notes.txt")) << "a model that can be read stays as it is";
  }
}

TEST(ResumeRun, WithoutACheckpointItStartsFromTheBeginning) {
  TinyWorld world;
  ASSERT_FALSE(fs::exists(world.config.run.dir)) << "one command line serves the first start and every restart";
  const auto losses = losses_of(world.train("align", true));
  ASSERT_EQ(losses.size(), 6u);
  fs::remove_all(world.path("run/align/checkpoints"));
  fs::remove(world.path("run/align/last"));
  EXPECT_EQ(losses_of(world.train("align", true)), losses);
}

TEST(ResumeRun, WhatDecidesTheResultMayNotChange) {
  TinyWorld world;
  world.train("align");
  world.train("sft");
  const auto changed = [&](const std::function<void(config::Config&)>& change) {
    config::Config config = world.config;
    change(config);
    return error_of([&] { train(config, {.stage = "sft", .resume = true}); });
  };
  EXPECT_THAT(changed([](auto& c) { c.run.seed = 2; }), AllOf(HasSubstr("run/sft/checkpoints"), HasSubstr("run.seed was 1, is 2")));
  EXPECT_THAT(changed([](auto& c) { c.lora.rank = 2; }), HasSubstr("rank"));
  EXPECT_THAT(changed([](auto& c) {
                c.stages.at("sft").batch_size = 8;
                c.stages.at("sft").learning_rate = 1e-3;
                c.lora.dropout = 0.2;
              }),
              AllOf(HasSubstr("train.batch_size was 4, is 8"), HasSubstr("train.learning_rate was 0.01, is 0.001"),
                    HasSubstr("lora.dropout was 0.1, is 0.2"), Not(HasSubstr("run.seed")), HasSubstr("--overwrite")));
  EXPECT_EQ(changed([](auto& c) {
              c.stages.at("sft").checkpoint_every = 1;
              c.stages.at("sft").validate_every = 1;
              c.stages.at("sft").keep_checkpoints = 5;
              c.run.threads = 2;
            }),
            "no error");
  std::ofstream(world.path("data/train.jsonl"), std::ios::app) << "\n";
  EXPECT_THAT(changed([](auto&) {}), HasSubstr("the data changed"));
}

// Trains one stage in a process of its own: MIDILLAMA_TEST_CONFIG, MIDILLAMA_TEST_STAGE; always with resume.
TEST(Worker, DISABLED_Trains) {
  try {
    train(config::load(std::getenv("MIDILLAMA_TEST_CONFIG")), {.stage = std::getenv("MIDILLAMA_TEST_STAGE"), .resume = true});
  } catch (const Error& error) {
    std::cout << "error: " << error.what() << std::endl;
    std::_Exit(3);
  }
}

class ChildRuns : public testing::Test {
 protected:
  std::unique_ptr<ChildProcess> start(const std::string& stage, std::map<std::string, std::string> environment = {}) {
    const std::string name = fmt::format("{}", ++started_);
    write_atomically(world_.path("config" + name + ".yaml"), config::dump(world_.config));
    environment["MIDILLAMA_TEST_CONFIG"] = world_.path("config" + name + ".yaml");
    environment["MIDILLAMA_TEST_STAGE"] = stage;
    return std::make_unique<ChildProcess>("Worker.DISABLED_Trains", environment, world_.path("output" + name));
  }

  std::vector<std::unique_ptr<ChildProcess>> start_ranks(const std::string& stage, int size) {
    const int port = testing_support::free_port();
    std::vector<std::unique_ptr<ChildProcess>> ranks;
    for (int rank = 0; rank < size; ++rank) ranks.push_back(start(stage, testing_support::rank_environment(rank, size, port)));
    return ranks;
  }
  std::vector<std::unique_ptr<ChildProcess>> start_two(const std::string& stage) { return start_ranks(stage, 2); }

  // Waits until the stage has logged `rows` rows.
  void await_rows(const std::string& stage, std::size_t rows) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(240);
    while (read_metrics(fs::path(world_.config.run.dir) / stage / "metrics.jsonl").size() < rows) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the child does not get on";
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  TinyWorld world_;
  int started_ = 0;
};

using SlowKill = ChildRuns;

TEST_F(SlowKill, AtAnyMomentChangesNothing) {
  world_.stage("sft").max_steps = 80;
  world_.stage("sft").checkpoint_every = 1;  // much of the time goes into writing checkpoints
  world_.train("align");
  const std::string aligned = world_.path("run/align");
  const auto undisturbed = losses_of(world_.train("sft"));
  const auto result = contents(world_.path("run/sft/last/"));

  world_.config.run.dir = world_.path("killed");
  fs::create_directories(world_.path("killed"));
  fs::copy(aligned, world_.path("killed/align"), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  Random random(std::random_device{}());
  for (std::size_t rows = 5; rows < 80; rows += 10 + random.below(20)) {
    const auto child = start("sft");
    await_rows("sft", rows);
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(30000)));
    child->signal(SIGKILL);
    child->wait();
    const auto newest = last_checkpoint(world_.config, "sft");
    ASSERT_TRUE(newest);
    EXPECT_EQ(contents(*newest).size(), contents(world_.path("run/sft/last/")).size());
  }
  const auto last = start("sft");
  EXPECT_EQ(last->wait(), 0) << last->output();
  EXPECT_EQ(losses_of(world_.path("killed/sft")), undisturbed);
  EXPECT_EQ(contents(world_.path("killed/sft/last/")), result);
}

// A checkpoint whose writing is cut off by SIGKILL.
TEST(Worker, DISABLED_DiesInACheckpoint) {
  CheckpointStore(std::getenv("MIDILLAMA_TEST_STAGE"), 2).write(2, [](const fs::path& directory) {
    std::ofstream(directory / "projector.safetensors") << "half" << std::flush;
    ::raise(SIGKILL);
  });
}

TEST_F(SlowKill, InsideACheckpointLeavesTheOneBefore) {
  const fs::path stage = world_.path("stage");
  CheckpointStore(stage, 2).write(1, [](const fs::path& directory) { std::ofstream(directory / "projector.safetensors") << "whole"; });
  ChildProcess child("Worker.DISABLED_DiesInACheckpoint", {{"MIDILLAMA_TEST_STAGE", stage}}, world_.path("output"));
  EXPECT_EQ(child.wait(), 128 + SIGKILL);
  CheckpointStore store(stage, 2);
  EXPECT_THAT(store.all(), ElementsAre(stage / "checkpoints/step-000001"));
  EXPECT_EQ(read_text(stage / "last/projector.safetensors"), "whole");
  store.clean();
  EXPECT_EQ(std::distance(fs::directory_iterator(stage / "checkpoints"), {}), 1);
}

using DistributedTraining = ChildRuns;

TEST_F(DistributedTraining, TwoRanksGiveTheLossesOfOne) {
  world_.config.lora.dropout = 0;
  world_.config.music_encoder.pretrain.dropout = 0;
  world_.config.classify.dropout = 0;
  world_.config.melody.dropout = 0;
  for (const auto& stage : config::stage_names()) {
    world_.stage(stage).batch_size = 5;  // shares of three and two
    world_.stage(stage).validate_every = 3;
    world_.config.run.dir = world_.path("one");
    const auto one = losses_of(world_.train(stage));
    world_.config.run.dir = world_.path("two");
    for (auto& rank : start_two(stage)) EXPECT_EQ(rank->wait(), 0) << stage << "\n" << rank->output();
    const auto two = losses_of(world_.path("two/" + stage));
    ASSERT_EQ(two.size(), one.size()) << stage;
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(two[i], one[i], 1e-5 * one[i]) << stage << " step " << i + 1;

    const auto valid_of = [&](const std::string& run) {
      std::vector<double> losses;
      for (const Json& row : read_metrics(world_.path(run) + "/" + stage + "/metrics.jsonl")) {
        if (row.contains("split")) losses.push_back(row["loss"]);
      }
      return losses;
    };
    const auto valid_one = valid_of("one"), valid_two = valid_of("two");
    ASSERT_EQ(valid_one.size(), 2u);
    ASSERT_EQ(valid_two.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(valid_two[i], valid_one[i], 1e-5 * valid_one[i]) << stage;
  }
}

TEST_F(DistributedTraining, ADeadRankEndsTheRunWhichThenGoesOn) {
  world_.config.run.timeout = 4;
  world_.config.lora.dropout = 0.1;
  world_.stage("align").max_steps = 120;
  world_.stage("align").checkpoint_every = 3;
  {
    auto ranks = start_two("align");
    await_rows("align", 4);
    ranks[1]->signal(SIGKILL);
    EXPECT_EQ(ranks[0]->wait(), 3);
    EXPECT_THAT(ranks[0]->output(), HasSubstr("error: rank 1 is gone"));
  }
  for (auto& rank : start_two("align")) EXPECT_EQ(rank->wait(), 0) << rank->output();
  EXPECT_EQ(losses_of(world_.path("run/align")).size(), 120u);
}

// As torchrun with --max-restarts: when a rank dies, all end; then all are started again with the same command, beside the same store.
// Where the ranks are on several machines, only the launcher whose rank died counts a restart.
TEST_F(DistributedTraining, RanksThatALauncherRestartsEndWhereAnUndisturbedRunEnds) {
  world_.stage("align").max_steps = 120;
  world_.stage("align").checkpoint_every = 3;
  world_.config.run.dir = world_.path("undisturbed");
  for (auto& rank : start_two("align")) ASSERT_EQ(rank->wait(), 0) << rank->output();

  world_.config.run.dir = world_.path("restarted");
  const testing_support::AgentStore store;
  const auto start_all = [&](int restarts) {
    std::vector<std::unique_ptr<ChildProcess>> ranks;
    for (const int rank : {0, 1}) ranks.push_back(start("align", store.environment(rank, 2, rank == 0 ? 0 : restarts)));
    return ranks;
  };
  {
    const auto ranks = start_all(0);
    await_rows("align", 10);
    ranks[0]->signal(SIGKILL);
    EXPECT_EQ(ranks[1]->wait(), 3);
    EXPECT_THAT(ranks[1]->output(), HasSubstr("error: rank 0 is gone"));
  }
  {
    const auto ranks = start_all(1);
    await_rows("align", 50);
    ranks[1]->signal(SIGKILL);
    ranks[0]->signal(SIGTERM);  // the launcher does not wait
    EXPECT_EQ(ranks[0]->wait(), 128 + SIGTERM);
  }
  EXPECT_LT(losses_of(world_.path("restarted/align")).size(), 120u);
  for (auto& rank : start_all(2)) EXPECT_EQ(rank->wait(), 0) << rank->output();
  EXPECT_EQ(losses_of(world_.path("restarted/align")), losses_of(world_.path("undisturbed/align")));
  EXPECT_EQ(contents(world_.path("restarted/align/last/")), contents(world_.path("undisturbed/align/last/")));
}

TEST_F(DistributedTraining, ADeterministicReductionGivesTheSameBitsOnAnyNumberOfRanks) {
  for (const auto& stage : config::stage_names()) {
    world_.stage(stage).deterministic_reduction = true;
    world_.stage(stage).batch_size = 5;  // three micro-batches
    world_.stage(stage).max_steps = 12;
    world_.stage(stage).validate_every = 5;
    world_.config.run.dir = world_.path("one");
    world_.train(stage);
    // Losses of training and validation, gradient norms; and the weights and moments at the end.
    const auto numbers_of = [&](const std::string& run) {
      std::vector<double> numbers;
      for (const Json& row : read_metrics(world_.path(run) + "/" + stage + "/metrics.jsonl")) {
        numbers.push_back(row["loss"]);
        if (!row.contains("split")) numbers.push_back(row["grad_norm"]);
      }
      return numbers;
    };
    const auto weights_of = [&](const std::string& run) {
      auto files = contents(world_.path(run + "/" + stage + "/last/"));
      files.erase("trainer_state.json");  // tells how many ranks there were
      return files;
    };
    ASSERT_EQ(numbers_of("one").size(), 12 * 2 + 3u);
    for (const int ranks : {2, 3}) {
      const std::string run = fmt::format("{}", ranks);
      world_.config.run.dir = world_.path(run);
      for (auto& rank : start_ranks(stage, ranks)) ASSERT_EQ(rank->wait(), 0) << stage << "\n" << rank->output();
      EXPECT_EQ(numbers_of(run), numbers_of("one")) << stage << " on " << ranks;
      EXPECT_EQ(weights_of(run), weights_of("one")) << stage << " on " << ranks;
    }
    forget_last_checkpoint(world_.path("3/" + stage));  // goes on on two ranks
    for (auto& rank : start_two(stage)) ASSERT_EQ(rank->wait(), 0) << rank->output();
    EXPECT_EQ(numbers_of("3"), numbers_of("one")) << stage;
    EXPECT_EQ(weights_of("3"), weights_of("one")) << stage;
  }
}

// Kind A5: machines with other copies of a configuration, a model or the data.
TEST_F(DistributedTraining, RanksThatWereToldOtherThingsAreRefused) {
  const auto whole = world_.config;
  fs::copy(world_.path("data"), world_.path("other-data"), fs::copy_options::recursive);
  const std::string lines = read_text(world_.path("data/train.jsonl"));
  write_atomically(world_.path("other-data/train.jsonl"), lines.substr(0, lines.find('\n') + 1));
  fs::copy(world_.path("llm"), world_.path("other-llm"), fs::copy_options::recursive);
  model::Llama other(model::LlamaConfig::read(world_.path("llm")));
  model::initialize_weights(other, 77);
  model::save_llama(other, world_.path("other-llm"));
  const auto refusals = [&](const std::function<void(config::Config&)>& change) {
    const int port = testing_support::free_port();
    std::vector<std::unique_ptr<ChildProcess>> ranks;
    for (const int rank : {0, 1}) {
      world_.config = whole;
      if (rank == 1) change(world_.config);
      ranks.push_back(start("align", testing_support::rank_environment(rank, 2, port)));
    }
    std::vector<std::string> outputs;
    for (auto& rank : ranks) {
      EXPECT_EQ(rank->wait(), 3);
      outputs.push_back(rank->output());
    }
    return outputs;
  };
  EXPECT_THAT(refusals([](auto& c) { c.stages.at("align").learning_rate = 0.5; }),
              testing::Each(HasSubstr("train.learning_rate is 0.01 on rank 0 and 0.5 on rank 1")));
  EXPECT_THAT(refusals([](auto& c) { c.stages.at("align").max_steps = 7; }),
              testing::Each(HasSubstr("max_steps is 6 on rank 0 and 7 on rank 1")));
  EXPECT_THAT(refusals([](auto& c) { c.run.seed = 9; }), testing::Each(HasSubstr("run.seed")));
  EXPECT_THAT(refusals([&](auto& c) { c.llm.path = world_.path("other-llm"); }),
              testing::Each(HasSubstr("the fingerprint of the parameters is")));
  EXPECT_THAT(refusals([&](auto& c) { c.data.dir = world_.path("other-data"); }),
              testing::Each(HasSubstr("the fingerprint of the data is")));
}

TEST_F(DistributedTraining, ABatchSmallerThanTheRanksIsRefused) {
  world_.stage("align").batch_size = 1;
  for (auto& rank : start_two("align")) {
    EXPECT_EQ(rank->wait(), 3);
    EXPECT_THAT(rank->output(), HasSubstr("train.batch_size is 1"));
  }
}

}  // namespace
}  // namespace midillama::train
