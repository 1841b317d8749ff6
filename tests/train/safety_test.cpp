// What is on disk stays right: refused starts, several writers, signals, rotated checkpoints.
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trained_with.h"
#include "midillama/runs/trainer_state.h"
#include "parallel/child_process.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "train/tiny_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>

namespace midillama::train {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::ChildProcess;
using testing_support::error_of;

// Every file below `directory` with its content.
std::map<std::string, std::string> contents(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), directory)] = read_binary(entry.path());
  }
  return files;
}

TEST(RunSafety, AnOverwriteThatCannotStartLeavesTheOldRun) {
  TinyWorld world;
  const fs::path directory = world.train("align");
  const auto before = contents(directory);
  const auto refused = [&](const std::function<void(config::Config&)>& change) {
    config::Config config = world.config;
    change(config);
    const std::string error = error_of([&] { train(config, {.stage = "align", .overwrite = true}); });
    EXPECT_EQ(contents(directory), before) << error;
    EXPECT_TRUE(fs::is_symlink(directory / "last")) << error;
    return error;
  };
  EXPECT_THAT(refused([](auto& c) { c.llm.path = "nope"; }), HasSubstr("nope"));
  EXPECT_THAT(refused([](auto& c) { c.music_encoder.path = "nope"; }), HasSubstr("nope"));
  EXPECT_THAT(refused([](auto& c) { c.data.dir = "nope"; }), HasSubstr("nope"));
  EXPECT_THAT(refused([](auto& c) { c.prompt.max_length = 8; }), Not(HasSubstr("no error")));
  EXPECT_THAT(refused([](auto& c) {
                c.stages.at("align").learning_rate = 1e30;
                c.stages.at("align").max_grad_norm = 0;
                c.stages.at("align").checkpoint_every = 100;
              }),
              HasSubstr("stopped at step"));
}

// A checkpoint as a version that did not look wrote it: its last number is infinite.
void spoil(const fs::path& safetensors) {
  const float infinite = std::numeric_limits<float>::infinity();
  std::fstream stream(safetensors, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(-static_cast<std::streamoff>(sizeof infinite), std::ios::end);
  stream.write(reinterpret_cast<const char*>(&infinite), sizeof infinite);
}

TEST(NonFinite, NoCheckpointAndNoMetricHoldsOne) {
  for (const bool validates : {true, false}) {
    TinyWorld world;
    world.stage("align").learning_rate = 1e39;  // infinite in float32
    world.stage("align").warmup_ratio = 0;
    world.stage("align").checkpoint_every = 1;
    world.stage("align").validate_every = 1;
    if (!validates) world.config.data.valid_split = "";
    EXPECT_THAT(error_of([&] { world.train("align"); }), validates ? AllOf(HasSubstr("stopped after step 1"), HasSubstr("validation loss"))
                                                                   : AllOf(HasSubstr("projector.safetensors"), HasSubstr("not finite")));
    EXPECT_FALSE(runs::last_checkpoint(world.config, "align"));
    for (const Json& row : read_metrics(world.path("run/align/metrics.jsonl"))) EXPECT_TRUE(row.at("loss").is_number()) << row.dump();
  }
}

TEST(NonFinite, ACheckpointThatHoldsOneIsNotUsed) {
  TinyWorld world;
  const fs::path checkpoint = fs::canonical(world.train("align") / "last");
  const auto whole = contents(checkpoint);
  for (const char* file : {"projector.safetensors", "optimizer.safetensors"}) {
    spoil(checkpoint / file);
    const auto names_it = AllOf(HasSubstr(file), HasSubstr("not finite"));
    EXPECT_THAT(error_of([&] { world.train("align", true); }), names_it);
    if (file == std::string("projector.safetensors")) {
      EXPECT_THAT(error_of([&] { world.train("sft"); }), names_it);
    }
    write_atomically(checkpoint / file, whole.at(file));
  }
}

TEST(RunSafety, AResumeThatIsRefusedChangesNothing) {
  TinyWorld world;
  const fs::path directory = world.train("align");
  const auto before = contents(directory);
  world.stage("align").learning_rate = 0.5;
  EXPECT_THAT(error_of([&] { world.train("align", true); }), HasSubstr("train.learning_rate was 0.01, is 0.5"));
  EXPECT_EQ(contents(directory), before);
}

// What a run that goes on says on standard error.
std::string said_when_resumed(const TinyWorld& world, const std::string& stage, const fs::path& init = {}) {
  testing::internal::CaptureStderr();
  train(world.config, {.stage = stage, .resume = true, .init = init});
  return testing::internal::GetCapturedStderr();
}

TEST(RunSafety, AnInitBesideARunThatGoesOnIsNamedAsWithoutEffect) {
  TinyWorld world;
  world.train("align");
  const fs::path directory = world.train("sft");
  const auto before = contents(directory);
  for (const fs::path init : {world.path("run/align/checkpoints/step-000004"), world.path("no/checkpoint")}) {
    EXPECT_THAT(said_when_resumed(world, "sft", init),
                AllOf(HasSubstr("--init " + init.string() + " has no effect"), HasSubstr("run/sft/checkpoints/step-000006")));
    EXPECT_EQ(contents(directory), before);
  }
  EXPECT_THAT(said_when_resumed(world, "sft"), Not(HasSubstr("--init")));
}

TEST(RunSafety, LossesThatAreNotThereAreNotInvented) {
  TinyWorld world;
  const fs::path directory = world.train("align");
  EXPECT_THAT(said_when_resumed(world, "align"), testing::ContainsRegex("align is complete: loss [1-9]"));
  for (const char* text : {"", "{\"step\": 1, \"lo", "{\"step\": 6, \"split\": \"valid\", \"loss\": 1.5}\n"}) {
    write_atomically(directory / "metrics.jsonl", text);
    EXPECT_THAT(said_when_resumed(world, "align"),
                AllOf(HasSubstr("align is complete: its metrics.jsonl has no losses"), Not(HasSubstr("0.0000"))));
  }
}

TEST(RunSafety, PretrainLlmGoesOnAfterTheCheckpointThatItCameFromIsGone) {
  TinyWorld world;
  world.stage("pretrain-llm").keep_checkpoints = 1;
  const fs::path directory = world.train("pretrain-llm");
  const auto losses = losses_of(directory);
  const auto result = contents(directory / "last/");
  world.stage("pretrain-llm").keep_checkpoints = 5;
  train(world.config, {.stage = "pretrain-llm", .overwrite = true});
  for (const char* step : {"step-000004", "step-000006"}) fs::remove_all(directory / "checkpoints" / step);
  world.stage("pretrain-llm").keep_checkpoints = 1;  // step 4 takes the place of step 2, from which the run goes on
  world.train("pretrain-llm", true);
  EXPECT_EQ(losses_of(directory), losses);
  EXPECT_EQ(contents(directory / "last/"), result);
}

TEST(RunSafety, ACopyOfARunWhoseLinksWereFollowedGoesOn) {
  TinyWorld world;
  const auto losses = losses_of(world.train("align"));
  fs::copy(world.path("run"), world.path("copy"), fs::copy_options::recursive);
  ASSERT_FALSE(fs::is_symlink(world.path("copy/align/last")));
  fs::remove_all(world.path("copy/align/checkpoints/step-000006"));
  world.config.run.dir = world.path("copy");
  EXPECT_EQ(losses_of(world.train("align", true)), losses);
  EXPECT_EQ(fs::read_symlink(world.path("copy/align/last")), "checkpoints/step-000006");
}

// As a command has it that was given the run's directory only: nobody chose the rest.
TEST(RunSafety, SftTakesWhatAlignWasTrainedWith) {
  TinyWorld world;
  world.config.prompt.template_text = "{bos}{music}{question} -> {answer}{eos}";
  world.train("align");
  config::Config config = world.config;
  config.prompt.template_text = "plain";
  EXPECT_THAT(error_of([&] { train(config, {.stage = "sft"}); }),
              HasSubstr("was trained with prompt.template \"{bos}{music}{question} -> {answer}{eos}\", not \"plain\""));
  EXPECT_FALSE(fs::exists(world.path("run/sft")));
  config.assumed = {"prompt.template", "lora.rank"};
  train(config, {.stage = "sft"});
  EXPECT_EQ(config::load(world.path("run/sft/config.yaml")).prompt.template_text, world.config.prompt.template_text);
  train(config, {.stage = "sft", .resume = true});  // the same command goes on

  config.assumed.insert({"lora.alpha", "llm.path"});
  config.lora.rank = 2;
  config.llm.path = "elsewhere";
  const auto used = runs::use_checkpoint(config, "");
  EXPECT_EQ(used.config.lora.rank, world.config.lora.rank);
  EXPECT_EQ(used.config.llm.path, world.config.llm.path);
}

TEST(RunSafety, ADecoderThatChangedSinceIsRefused) {
  TinyWorld world;
  world.train("align");
  model::Llama llama = model::load_llama(world.config.llm.path, torch::kCPU, torch::kFloat32);
  model::initialize_weights(llama, 99);
  model::save_llama(llama, world.config.llm.path);
  EXPECT_THAT(error_of([&] { world.train("sft"); }), AllOf(HasSubstr("with another model in llm.path"), HasSubstr("than it holds now")));
  EXPECT_THAT(error_of([&] { world.train("align", true); }), HasSubstr("the fingerprint of llm.path was"));
}

// Trains MIDILLAMA_TEST_STAGE of MIDILLAMA_TEST_CONFIG as the program does.
TEST(Program, DISABLED_Trains) {
  watch_interrupts();
  try {
    train(config::load(std::getenv("MIDILLAMA_TEST_CONFIG")), {.stage = std::getenv("MIDILLAMA_TEST_STAGE"), .resume = true});
  } catch (const Interrupted& interrupted) {
    std::cout << "interrupted: " << interrupted.what() << std::endl;
    std::_Exit(128 + interrupted.signal());
  } catch (const Error& error) {
    std::cout << "error: " << error.what() << std::endl;
    std::_Exit(3);
  }
}

class Programs : public testing::Test {
 protected:
  std::unique_ptr<ChildProcess> start(const std::string& stage, std::map<std::string, std::string> environment = {}) {
    const std::string name = fmt::format("{}", ++started_);
    write_atomically(world_.path("config" + name + ".yaml"), config::dump(world_.config));
    environment["MIDILLAMA_TEST_CONFIG"] = world_.path("config" + name + ".yaml");
    environment["MIDILLAMA_TEST_STAGE"] = stage;
    return std::make_unique<ChildProcess>("Program.DISABLED_Trains", environment, world_.path("output" + name));
  }

  std::vector<std::unique_ptr<ChildProcess>> start_two(const std::string& stage) {
    const int port = testing_support::free_port();
    std::vector<std::unique_ptr<ChildProcess>> ranks;
    for (const int rank : {0, 1}) ranks.push_back(start(stage, testing_support::rank_environment(rank, 2, port)));
    return ranks;
  }

  void await_rows(const std::string& stage, std::size_t rows) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(240);
    while (read_metrics(fs::path(world_.config.run.dir) / stage / "metrics.jsonl").size() < rows) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the child does not get on";
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // A run that a signal ended: the checkpoint is of the last step that was logged.
  void expect_checkpoint_of_last_step(const std::string& stage) const {
    const auto checkpoint = runs::last_checkpoint(world_.config, stage);
    ASSERT_TRUE(checkpoint);
    const auto rows = read_metrics(fs::path(world_.config.run.dir) / stage / "metrics.jsonl");
    EXPECT_EQ(runs::TrainerState::read(*checkpoint).step, rows.back().at("step").get<std::int64_t>());
  }

  TinyWorld world_;
  int started_ = 0;
};

using SlowSignals = Programs;

TEST_F(SlowSignals, TheFirstEndsTheRunAfterItsStepWithACheckpoint) {
  world_.stage("align").max_steps = 120;
  world_.stage("align").checkpoint_every = 1000;
  const auto undisturbed = losses_of(world_.train("align"));
  world_.config.run.dir = world_.path("stopped");
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto child = start("align");
    await_rows("align", signal == SIGTERM ? 5 : 40);
    child->signal(signal);
    EXPECT_EQ(child->wait(), 128 + signal);
    EXPECT_THAT(child->output(), AllOf(HasSubstr("interrupted: align was stopped by SIG"), HasSubstr("of 120"), HasSubstr("--resume")));
    expect_checkpoint_of_last_step("align");
    EXPECT_LT(losses_of(world_.path("stopped/align")).size(), 120u);
  }
  EXPECT_EQ(start("align")->wait(), 0);
  EXPECT_EQ(losses_of(world_.path("stopped/align")), undisturbed);
}

TEST_F(SlowSignals, ASecondWriterIsRefusedAndTheFirstGoesOn) {
  world_.stage("align").max_steps = 60;
  const auto first = start("align");
  await_rows("align", 3);
  first->signal(SIGSTOP);  // its few steps may be faster than the second one's start
  const auto second = start("align");
  EXPECT_EQ(second->wait(), 3);
  first->signal(SIGCONT);
  EXPECT_THAT(second->output(), AllOf(HasSubstr("run/align: is being written by process"), HasSubstr("since")));
  EXPECT_EQ(first->wait(), 0) << first->output();
  EXPECT_EQ(losses_of(world_.path("run/align")).size(), 60u);
}

using DistributedSignals = Programs;

TEST_F(DistributedSignals, AllRanksEndAfterTheSameStepWhicheverWasTold) {
  world_.stage("align").max_steps = 120;
  world_.stage("align").checkpoint_every = 1000;
  world_.config.run.dir = world_.path("undisturbed");
  for (auto& rank : start_two("align")) ASSERT_EQ(rank->wait(), 0) << rank->output();
  world_.config.run.dir = world_.path("stopped");
  for (const std::size_t told : {1, 0}) {
    const auto ranks = start_two("align");
    await_rows("align", told == 1 ? 5 : 40);
    ranks[told]->signal(SIGTERM);
    for (const auto& rank : ranks) {
      EXPECT_EQ(rank->wait(), 128 + SIGTERM) << rank->output();
      EXPECT_THAT(rank->output(), HasSubstr("interrupted: align was stopped by SIGTERM"));
    }
    expect_checkpoint_of_last_step("align");
  }
  for (auto& rank : start_two("align")) EXPECT_EQ(rank->wait(), 0) << rank->output();
  EXPECT_EQ(losses_of(world_.path("stopped/align")), losses_of(world_.path("undisturbed/align")));
}

}  // namespace
}  // namespace midillama::train
