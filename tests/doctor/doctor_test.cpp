#include "midillama/doctor/doctor.h"

#include "eval/tiny_world.h"
#include "midillama/core/hash.h"
#include "midillama/parallel/self_test.h"
#include "midillama/shapes/memory_plan.h"
#include "midillama/shapes/parameters.h"
#include "midillama/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace midillama::doctor {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct DoctorTest : testing::Test {
  DoctorTest() {
    world.config.run.device = "cpu";
    world.config.prompt.max_length = 100;
    for (const std::string& stage : config::stage_names()) world.config.stages[stage] = world.config.train;
  }
  std::map<std::string, Check> examine() const {
    std::map<std::string, Check> checks;
    for (const Check& check : doctor::examine(world.config)) checks[check.name] = check;
    return checks;
  }
  // Takes a tensor out of the decoder's file, or gives it another shape.
  void change_tensor(const std::string& name, const torch::Tensor& value) const {
    const auto file = world.path("llama") + "/model.safetensors";
    auto tensors = weights::read_safetensors(file);
    tensors.erase(name);
    if (value.defined()) tensors[name] = value;
    weights::write_safetensors(file, tensors);
  }
  void change_config(const std::string& model, const std::string& key, const Json& value) const {
    const auto file = world.path(model) + "/config.json";
    Json json = read_json(file);
    json[key] = value;
    write_atomically(file, json.dump());
  }
  eval::TinyWorld world;
};

TEST_F(DoctorTest, AHealthyWorldPasses) {
  const auto checks = examine();
  for (const char* name : {"device", "collectives", "llm", "tokenizer", "special tokens", "template", "music encoder", "dictionary",
                           "bertscore", "memory, align", "memory, sft", "run directory", "disk"}) {
    ASSERT_TRUE(checks.contains(name)) << name;
    EXPECT_EQ(checks.at(name).status, Status::ok) << name << ": " << checks.at(name).detail;
    EXPECT_THAT(checks.at(name).mend, IsEmpty()) << name;
  }
  EXPECT_EQ(checks.at("dataset").status, Status::warn) << "there is no dataset.json";
  EXPECT_THAT(checks.at("dataset").detail, HasSubstr("66 questions about 22 clips"));
}

TEST_F(DoctorTest, EveryTensorThatDoesNotFitIsNamed) {
  change_tensor("model.layers.0.mlp.up_proj.weight", {});
  change_tensor("model.norm.weight", torch::ones({17}));
  const auto checks = examine();
  EXPECT_EQ(checks.at("llm").status, Status::fail);
  EXPECT_THAT(checks.at("llm").detail, AllOf(HasSubstr("missing: model.layers.0.mlp.up_proj.weight"), HasSubstr("model.norm.weight"),
                                             HasSubstr("checkpoint [17], model [16]")));
  EXPECT_EQ(checks.at("memory, sft").status, Status::warn);
  EXPECT_THAT(checks.at("memory, sft").detail, HasSubstr("not checked"));
}

TEST_F(DoctorTest, TheEncoderMustHaveTheDictionary) {
  change_config("musicbert", "vocab_size", 1236);
  const auto checks = examine();
  EXPECT_EQ(checks.at("music encoder").status, Status::fail);
  EXPECT_THAT(checks.at("music encoder").detail, HasSubstr("1237"));
}

TEST_F(DoctorTest, TheBertScoreEncoderIsCheckedWhereItIsConfigured) {
  world.config.eval.bertscore = {"tests/golden/eval/tiny_roberta", 1};
  EXPECT_EQ(examine().at("bertscore").status, Status::ok);
  world.config.eval.bertscore = {world.path("missing"), 1};
  EXPECT_EQ(examine().at("bertscore").status, Status::warn);
  EXPECT_THAT(examine().at("bertscore").detail, HasSubstr("not configured"));
  world.config.eval.bertscore = {"tests/golden/eval/tiny_roberta", 17};
  const auto check = examine().at("bertscore");
  EXPECT_EQ(check.status, Status::fail);
  EXPECT_THAT(check.detail, HasSubstr("eval.bertscore.layer"));
}

TEST_F(DoctorTest, ATokenizerOfAnotherModelIsFound) {
  change_config("llama", "vocab_size", 200);
  change_tensor("model.embed_tokens.weight", torch::zeros({200, 16}));
  change_tensor("lm_head.weight", torch::zeros({200, 16}));
  const auto check = examine().at("tokenizer");
  EXPECT_EQ(check.status, Status::fail);
  EXPECT_THAT(check.detail, HasSubstr("vocab_size is 200"));
}

TEST_F(DoctorTest, ATemplateThatDoesNotFitIsFound) {
  world.config.prompt.template_text = "{bos}{music}{question}<|eot_id|>{answer}";
  const auto check = examine().at("template");
  EXPECT_EQ(check.status, Status::fail);
  EXPECT_THAT(check.detail, HasSubstr("<|eot_id|>"));
  EXPECT_THAT(check.mend, HasSubstr("prompt.template=plain"));
}

TEST_F(DoctorTest, ATemplateWithoutAnEndIsAWarning) {
  world.config.prompt.template_text = "{bos}{music}{question}\n{answer}";
  const auto check = examine().at("template");
  EXPECT_EQ(check.status, Status::warn);
  EXPECT_THAT(check.detail, HasSubstr("never stops"));
  EXPECT_THAT(check.mend, HasSubstr("{eos}"));
}

TEST_F(DoctorTest, EndsOfTextThatDifferAreAWarning) {
  change_config("llama", "eos_token_id", 7);
  EXPECT_EQ(examine().at("special tokens").status, Status::warn);
}

TEST_F(DoctorTest, AMissingClipIsNamed) {
  std::filesystem::remove(world.config.data.dir + "/clips/valid-2.mid");
  const auto check = examine().at("dataset");
  EXPECT_EQ(check.status, Status::fail);
  EXPECT_THAT(check.detail, AllOf(HasSubstr("valid-2.mid"), HasSubstr("1 of the clips"), Not(HasSubstr("valid-1.mid"))));
}

TEST_F(DoctorTest, AChangedSplitIsFoundByItsFingerprint) {
  const auto file = [&](const std::string& split) { return world.config.data.dir + "/" + split + ".jsonl"; };
  Json splits;
  for (const char* split : {"train", "valid", "test"}) splits[split]["fingerprint"] = fingerprint_file(file(split));
  write_atomically(world.config.data.dir + "/dataset.json", Json{{"format", 1}, {"splits", splits}}.dump());
  EXPECT_EQ(examine().at("dataset").status, Status::ok);
  write_atomically(file("valid"), read_text(file("valid")) + "\n");
  const auto check = examine().at("dataset");
  EXPECT_EQ(check.status, Status::warn);
  EXPECT_THAT(check.detail, HasSubstr("; valid changed"));
}

TEST_F(DoctorTest, WhatDoesNotFitIntoMemoryIsSaidWithASizeThatDoes) {
  change_config("llama", "max_position_embeddings", 1 << 30);
  world.config.prompt.max_length = 1 << 30;
  const auto never = examine().at("memory, sft");
  EXPECT_EQ(never.status, Status::fail);
  EXPECT_THAT(never.mend, HasSubstr("prompt.max_length"));

  const auto work = shapes::Workload::read(world.config, "sft", false, 1);
  const auto one = shapes::plan_memory(work, 1).total() - shapes::plan_memory(work, 0).total();
  world.config.prompt.max_length = (1LL << 30) * (64LL << 20) / one;  // 64 MiB an example
  world.config.stages["sft"].batch_size = world.config.stages["sft"].micro_batch_size = 100000;
  const auto check = examine().at("memory, sft");
  EXPECT_EQ(check.status, Status::fail);
  EXPECT_THAT(check.mend, AllOf(HasSubstr("stages.sft.micro_batch_size to "), HasSubstr("midillama plan")));
}

TEST_F(DoctorTest, TableAndListSayTheSame) {
  const std::vector<Check> checks = {{"llm", Status::ok, "fine", ""}, {"dataset", Status::fail, "two\nlines", "mend it"}};
  EXPECT_EQ(to_text(checks),
            "llm      ok    fine\n"
            "dataset  fail  two\n"
            "               lines\n"
            "               mend: mend it\n");
  EXPECT_EQ(to_json(checks)[1], OrderedJson({{"name", "dataset"}, {"status", "fail"}, {"detail", "two\nlines"}, {"mend", "mend it"}}));
}

TEST(SelfTest, GlooSumsOverOneRank) {
  EXPECT_EQ(parallel::test_all_reduce(torch::kCPU), "Gloo");
}

// What the plan counts from the shapes is what the models really have.
TEST_F(DoctorTest, ThePlanCountsTheModelsParameters) {
  const auto count = [](const std::vector<torch::Tensor>& tensors) {
    std::int64_t sum = 0;
    for (const auto& tensor : tensors) sum += tensor.numel();
    return sum;
  };
  for (const auto& targets : {std::vector<std::string>{"q_proj", "v_proj"}, config::Lora().target_modules}) {
    world.config.lora.target_modules = targets;
    const auto work = shapes::Workload::read(world.config, "sft", false, 1);
    const auto planned = shapes::count_parameters(work);
    model::MidiLlama model(model::load_llama(world.config.llm.path, torch::kCPU, torch::kFloat32), 16, 1);
    EXPECT_EQ(planned.llm, count(model->llama->parameters()));
    EXPECT_EQ(planned.projector, count(model->projector->parameters()));
    model->add_lora(world.config.lora, 1);
    EXPECT_EQ(planned.lora, count(model->llama->parameters()) - planned.llm);
    EXPECT_EQ(shapes::count_parameters(work.encoder),
              count(model::load_musicbert(world.config.music_encoder.path, torch::kCPU, torch::kFloat32)->parameters()));
  }
}

TEST_F(DoctorTest, ARunDirectoryThatCannotBeWrittenIsFound) {
  write_atomically(world.path("file"), "no folder");
  world.config.run.dir = world.path("file") + "/runs/folk";
  const auto checks = examine();
  EXPECT_EQ(checks.at("run directory").status, Status::fail);
  EXPECT_THAT(checks.at("run directory").detail, HasSubstr(world.path("file")));
  EXPECT_THAT(checks.at("run directory").mend, HasSubstr("run.dir"));
  world.config.run.dir = "/proc/runs";
  EXPECT_EQ(examine().at("run directory").status, Status::fail);
  world.config.run.dir = world.path("not/there/yet");
  EXPECT_EQ(examine().at("run directory").status, Status::ok);
  EXPECT_FALSE(std::filesystem::exists(world.path("not")));
}

}  // namespace
}  // namespace midillama::doctor
