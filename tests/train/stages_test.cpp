// All four stages from beginning to end.
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/data/clip_inputs.h"
#include "midillama/model/llama.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/projector.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trained_with.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"
#include "midillama/train/stage.h"
#include "support/error_of.h"
#include "train/masking.h"
#include "train/tiny_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace midillama::train {
namespace {

namespace fs = std::filesystem;
using runs::find_checkpoint;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::Lt;
using testing_support::error_of;

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

TEST(Stages, PretrainingLeavesModelsThatAlignAndSftUse) {
  TinyWorld world;
  for (const char* stage : {"pretrain-encoder", "pretrain-llm"}) {
    world.stage(stage).max_steps = 30;
    world.stage(stage).checkpoint_every = 100;
    const auto losses = losses_of(world.train(stage));
    EXPECT_EQ(losses.size(), 30u);
    EXPECT_THAT(losses, Each(AllOf(Gt(0.0), Lt(10.0))));
    EXPECT_LT(losses.back(), 0.8 * losses.front()) << stage;
  }
  EXPECT_THAT(names_in(world.path("run/pretrain-encoder/model")), ElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(names_in(world.path("run/pretrain-llm/model")), ElementsAre("config.json", "model.safetensors", "tokenizer.model"));
  world.config.music_encoder.path = world.path("run/pretrain-encoder/model");
  world.config.llm.path = world.path("run/pretrain-llm/model");
  for (const char* stage : {"align", "sft"}) {
    world.stage(stage).max_steps = 20;
    world.stage(stage).batch_size = 20;  // every example in every step: the losses can be compared
    const auto losses = losses_of(world.train(stage));
    EXPECT_LT(losses.back(), losses.front()) << stage;
  }
}

TEST(Stages, ARunDirectoryHoldsWhatTheDesignSays) {
  TinyWorld world;
  const fs::path directory = world.train("align");
  EXPECT_EQ(directory, world.path("run/align"));
  EXPECT_THAT(names_in(directory), ElementsAre("checkpoints", "config.yaml", "last", "log.txt", "loss.svg", "metrics.jsonl"));
  EXPECT_THAT(names_in(directory / "checkpoints"), ElementsAre("step-000004", "step-000006"));
  EXPECT_EQ(fs::read_symlink(directory / "last"), "checkpoints/step-000006");
  EXPECT_THAT(names_in(directory / "last/"), ElementsAre("optimizer.safetensors", "projector.safetensors", "trainer_state.json"));
  world.train("sft");
  EXPECT_THAT(names_in(world.path("run/sft/last/")),
              ElementsAre("adapter", "optimizer.safetensors", "projector.safetensors", "trainer_state.json"));
  EXPECT_THAT(names_in(world.path("run/sft/last/adapter")), ElementsAre("adapter_config.json", "adapter_model.safetensors"));
  EXPECT_EQ(config::load(directory / "config.yaml").train.learning_rate, 1e-2);
}

TEST(Stages, MetricsHaveTheKeysThatOthersReadAndValidationIsMarked) {
  TinyWorld world;
  world.stage("align").validate_every = 4;
  const auto rows = read_metrics(world.train("align") / "metrics.jsonl");
  ASSERT_EQ(rows.size(), 8u);  // 6 steps, validation at 4 and at the end
  for (const char* key : {"step", "loss", "learning_rate", "grad_norm", "tokens", "target_tokens", "tokens_per_second", "seconds"}) {
    EXPECT_TRUE(rows[0].at(key).is_number()) << key;
  }
  EXPECT_EQ(rows[0].at("learning_rate"), 0.0);  // the first step of a warm-up
  EXPECT_EQ(rows[4].at("split"), "valid");
  EXPECT_EQ(rows[4].at("step"), 4);
  EXPECT_EQ(rows[7].at("split"), "valid");
  EXPECT_FALSE(rows[5].contains("split"));
}

TEST(Stages, OnlyTheProjectorTrainsInAlign) {
  TinyWorld world;
  world.train("align");
  EXPECT_THAT(read_text(world.path("run/align/log.txt")), HasSubstr("align trains 1,056 of "));  // 32 * 32 + 32
}

TEST(Stages, ATemplateWithoutAnEndIsWarnedOf) {
  TinyWorld world;
  log::attach_file(world.path("log.txt"));
  world.train("align");
  EXPECT_THAT(read_text(world.path("log.txt")), testing::Not(HasSubstr("never stops")));
  world.config.prompt.template_text = "{bos}{music}{question}\n{answer}";
  world.config.run.dir = world.path("open");
  log::attach_file(world.path("log.txt"));
  world.train("align");
  EXPECT_THAT(read_text(world.path("open/align/log.txt")) + read_text(world.path("log.txt")), HasSubstr("never stops"));
}

TEST(Stages, AnotherKindOfProjectorTrainsAndIsGoneOnWith) {
  TinyWorld world;
  world.config.projector.kind = "mlp";
  world.config.projector.hidden_size = 8;
  world.train("align");
  EXPECT_THAT(read_text(world.path("run/align/log.txt")), HasSubstr("align trains 552 of "));  // 32 * 8 + 8 + 8 * 32 + 32
  world.train("sft");
  world.config.projector.kind = "linear";
  world.config.run.dir = world.path("other");
  EXPECT_THAT(error_of([&] { train(world.config, {.stage = "sft", .init = world.path("run/align")}); }), HasSubstr("projector.kind"));
}

// Before a step is made, the token of a clip is nearer to the words that answers about its kind have than to the other kind's.
TEST(Stages, AProjectorMayStartFromTheWordsOfTheAnswers) {
  TinyWorld world;
  world.config.projector.initialization = "answers";
  world.stage("align").learning_rate = 0;
  world.stage("align").max_steps = 1;
  const fs::path checkpoint = world.train("align") / "last";
  EXPECT_TRUE(fs::exists(checkpoint / "projector_whitened.safetensors"));
  const auto tokenizer = text::load_tokenizer(world.config.llm.path);
  const text::PromptTemplate prompt("plain", *tokenizer);
  std::vector<fs::path> clips;
  for (int i = 0; i < 10; ++i) clips.emplace_back(world.path(fmt::format("data/clips/train{}.mid", i)));
  const data::ClipInputs inputs(world.config, prompt, clips, torch::kCPU);
  const auto projector = model::make_projector(world.config.projector, inputs.embeddings()->hidden_size(), 32, 1);
  projector->load(checkpoint);
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> high, low;
  for (int i = 0; i < 10; ++i) {
    const std::vector<torch::Tensor> clip = {inputs.music(clips[static_cast<std::size_t>(i)])};
    (i % 2 == 0 ? high : low).push_back(projector->project(clip));
  }
  const auto llama = model::load_llama(world.config.llm.path, torch::kCPU, torch::kFloat32);
  const auto words = [&](const char* answer) {
    return llama->model->embed_tokens->weight.index_select(0, torch::tensor(tokenizer->encode(answer), torch::kInt64)).mean(0);
  };
  const torch::Tensor heard = at::cat(high).mean(0) - at::cat(low).mean(0);
  const torch::Tensor said = words("It lies high.") - words("It lies low, in the bass.");
  EXPECT_GT(at::cosine_similarity(heard, said, 0).item<double>(), 0.5);
}

TEST(Stages, WhereTheClipIsTextOnlyTheAdapterTrains) {
  TinyWorld world;
  world.config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  EXPECT_THAT(error_of([&] { world.train("align"); }), HasSubstr("no {music}"));
  world.train("sft");
  EXPECT_THAT(names_in(world.path("run/sft/last/")), ElementsAre("adapter", "optimizer.safetensors", "trainer_state.json"));
}

TEST(Stages, OfSystemAbcOnlyTheAdapterTrains) {
  TinyWorld world;
  world.config.system = "abc";
  world.config.prompt.max_length = 1000;
  world.train("align");
  EXPECT_FALSE(fs::exists(world.path("run/align"))) << "there is nothing to do, and a script that runs both stages goes on";
  world.train("sft");
  EXPECT_THAT(names_in(world.path("run/sft/last/")), ElementsAre("adapter", "optimizer.safetensors", "trainer_state.json"));
  config::Config other;
  other.assumed = {"system", "prompt.notes"};
  runs::adopt(other, world.path("run/sft/last"));
  EXPECT_EQ(other.system, "abc");
  world.config.system = "midillama";
  EXPECT_THAT(error_of([&] { runs::as_trained(world.config, world.path("run/sft/last")); }),
              HasSubstr("with system \"abc\", not \"midillama\""));
}

TEST(Stages, AnEndpointIsNotTrained) {
  TinyWorld world;
  world.config.system = "endpoint";
  EXPECT_THAT(error_of([&] { world.train("sft"); }), HasSubstr("system: an endpoint is asked, not trained"));
}

TEST(Stages, AStageDirectoryWithARunIsRefused) {
  TinyWorld world;
  world.train("align");
  EXPECT_THAT(error_of([&] { world.train("align"); }), AllOf(HasSubstr("run/align"), HasSubstr("--resume"), HasSubstr("--overwrite")));
  world.stage("align").max_steps = 2;
  train(world.config, {.stage = "align", .overwrite = true});
  EXPECT_EQ(losses_of(world.path("run/align")).size(), 2u);
  EXPECT_THAT(names_in(world.path("run/align/checkpoints")), ElementsAre("step-000002"));
}

TEST(Stages, SftAsksForAnAlignedProjector) {
  TinyWorld world;
  EXPECT_THAT(error_of([&] { world.train("sft"); }), HasSubstr("midillama train --stage align"));
  world.train("align");
  const std::string run = world.config.run.dir;
  world.config.run.dir = world.path("elsewhere");
  train(world.config, {.stage = "sft", .init = run + "/align"});
  EXPECT_EQ(find_checkpoint(world.config, ""), world.path("elsewhere/sft/checkpoints/step-000006"));
}

TEST(Stages, AnAdapterOfAnotherShapeIsRefused) {
  TinyWorld world;
  world.train("align");
  world.train("sft");
  world.config.lora.rank = 2;
  EXPECT_THAT(error_of([&] { train(world.config, {.stage = "sft", .overwrite = true, .init = world.path("run/align/last")}); }),
              "no error");
  world.config.lora.rank = 3;
  const auto with_adapter = world.path("run/sft/last");
  world.config.run.dir = world.path("elsewhere");
  EXPECT_THAT(error_of([&] { train(world.config, {.stage = "sft", .init = with_adapter}); }), HasSubstr("rank 2"));
}

// peft writes the targets in any order.
TEST(Stages, AnAdapterGoesOnWithThisRunsDropoutWhateverTheOrderOfItsTargets) {
  TinyWorld world;
  world.train("align");
  world.config.lora.dropout = 0;
  const auto directory = world.train("sft");
  const auto losses = [&](const std::string& run, double dropout) {
    world.config.run.dir = world.path(run);
    world.config.lora.dropout = dropout;
    return losses_of(train(world.config, {.stage = "sft", .init = directory / "last"}));
  };
  const auto without = losses("without", 0);
  EXPECT_NE(losses("with", 0.5), without);

  const fs::path file = directory / "last/adapter/adapter_config.json";
  Json adapter = read_json(file);
  std::ranges::reverse(adapter["target_modules"]);
  adapter["lora_dropout"] = 0.5;
  write_atomically(file, adapter.dump());
  EXPECT_EQ(losses("reversed", 0), without);
}

TEST(Stages, OptionsThatMakeNoSense) {
  TinyWorld world;
  EXPECT_THROW(train(world.config, {.stage = "tune"}), UsageError);
  EXPECT_THROW(train(world.config, {.stage = "align", .resume = true, .overwrite = true}), UsageError);
  EXPECT_THROW(train(world.config, {.stage = "pretrain-llm", .init = "somewhere"}), UsageError);
}

TEST(Stages, ALossThatIsNotFiniteNamesTheExamples) {
  TinyWorld world;
  world.stage("align").learning_rate = 1e30;
  world.stage("align").max_grad_norm = 0;
  world.stage("align").shuffle = false;
  const std::string error = error_of([&] { world.train("align"); });
  EXPECT_THAT(error, AllOf(HasSubstr("align stopped at step"), HasSubstr("the examples of the batch: train-"), HasSubstr("-register")));
}

TEST(Stages, TheDecoderMayBeBfloat16) {
  TinyWorld world;
  const auto exact = losses_of(world.train("align"));
  world.config.llm.dtype = "bfloat16";
  const auto rounded = losses_of(train(world.config, {.stage = "align", .overwrite = true}));
  ASSERT_EQ(rounded.size(), exact.size());
  EXPECT_NE(rounded, exact);
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(rounded[i], exact[i], 0.02 * exact[i]);
  for (const char* stage : {"pretrain-llm", "pretrain-encoder"}) {
    world.config.llm.dtype = world.config.music_encoder.dtype = "float32";
    const auto exact_pretraining = losses_of(world.train(stage));
    world.config.llm.dtype = world.config.music_encoder.dtype = "bfloat16";
    const auto mixed = losses_of(train(world.config, {.stage = stage, .overwrite = true}));
    EXPECT_NE(mixed, exact_pretraining);
    for (std::size_t i = 0; i < mixed.size(); ++i) EXPECT_NEAR(mixed[i], exact_pretraining[i], 0.03 * exact_pretraining[i]) << stage;
  }
}

TEST(Stages, MicroBatchesDoNotChangeTheResult) {
  TinyWorld world;
  world.train("align");
  world.config.lora.dropout = 0;
  const auto halves = losses_of(world.train("sft"));
  for (const auto& [size, tokens] : std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 0}, {1, 0}, {3, 0}, {0, 1}, {0, 60}, {2, 90}}) {
    world.stage("sft").micro_batch_size = size;
    world.stage("sft").micro_batch_tokens = tokens;
    const auto losses = losses_of(train(world.config, {.stage = "sft", .overwrite = true}));
    for (std::size_t i = 0; i < halves.size(); ++i) EXPECT_NEAR(losses[i], halves[i], 1e-5 * halves[i]) << size << ", " << tokens;
  }
}

TEST(Stages, OnOneRankADeterministicReductionChangesNoBit) {
  TinyWorld world;
  const auto losses = losses_of(world.train("align"));
  world.stage("align").deterministic_reduction = true;
  EXPECT_EQ(losses_of(train(world.config, {.stage = "align", .overwrite = true})), losses);
}

// Token ids and musical tokens; nothing of an example without ids.
std::optional<std::pair<std::int64_t, std::int64_t>> sizes_of(const Example& example) {
  const auto size = [](const auto& ids) { return static_cast<std::int64_t>(ids.size()); };
  if (const auto* text = std::any_cast<model::MusicText>(&example.content)) {
    return std::pair(size(text->input_ids), text->music.defined() ? text->music.size(0) : 0);
  }
  if (const auto* masked = std::any_cast<MaskedNotes>(&example.content)) return std::pair(size(masked->input_ids), 0);
  if (const auto* ids = std::any_cast<std::vector<std::int64_t>>(&example.content)) return std::pair(size(*ids), 0);
  return std::nullopt;
}

TEST(Stages, TheLengthOfAnExampleIsKnownBeforeItIsMade) {
  TinyWorld world;
  world.config.prompt.max_length = 30;  // some are cut
  const auto group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(1));
  for (const auto& name : config::stage_names()) {
    if (name == "sft") world.train("align");
    const auto config = config::resolve_stage(world.config, name);
    const fs::path directory = config::stage_dir(config, name);
    const fs::path init = name == "sft" ? *runs::last_checkpoint(config, "align") : fs::path();
    fs::create_directories(directory);
    const auto stage = make_stage(name, {config, torch::kCPU, *group, directory, {}, init});
    for (const Split split : {Split::train, Split::valid}) {
      ASSERT_GT(stage->size(split), 0) << name;
      for (std::int64_t i = 0; i < stage->size(split); ++i) {
        const Example example = stage->example({split, i, 7});
        const auto sizes = sizes_of(example);
        EXPECT_EQ(sizes.has_value(), name != "classify" && name != "melody") << name;
        if (sizes) {
          EXPECT_EQ(example.tokens, name == "pretrain-encoder" ? sizes->first / 8 : sizes->first + sizes->second) << name;
        }
        EXPECT_EQ(stage->tokens({split, i, 7}), example.tokens) << name;
      }
    }
  }
}

}  // namespace
}  // namespace midillama::train
