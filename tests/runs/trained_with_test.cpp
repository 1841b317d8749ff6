#include "midillama/runs/trained_with.h"

#include "midillama/config/config.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trainer_state.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::runs {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;

// A run that was trained with other settings than the default configuration's.
class TrainedWith : public testing::Test {
 protected:
  TrainedWith() {
    write_model("llm", "a");
    write_model("encoder", "b");
    fs::create_directory(path("data"));
    write_atomically(path("default.yaml"), fmt::format("run: {{dir: {}}}\nlora: {{rank: 2}}\n", path("run")));
    trained_.llm.path = path("llm");
    trained_.music_encoder.path = path("encoder");
    trained_.lora.rank = 16;
    trained_.prompt.template_text = "{bos}{music}{question} {answer}{eos}";
    trained_.data.dir = path("data");
    state_.stage = "sft";
    state_.data_dir = trained_.data.dir;
    state_.essentials = essentials(trained_, {"llm.", "prompt.", "music_encoder.", "lora."});
    state_.fingerprints = {{"llm.path", model_fingerprint(path("llm"))}, {"music_encoder.path", model_fingerprint(path("encoder"))}};
    write_state();
  }

  std::string path(const std::string& name) const { return folder_.path() / name; }
  void write_model(const std::string& name, const std::string& weights) const {
    write_atomically(path(name + "/config.json"), "{}");
    write_atomically(path(name + "/model.safetensors"), weights);
  }
  void write_state() const {
    CheckpointStore(path("run/sft"), 1).write(1, [&](const fs::path& directory) {
      state_.write(directory);
      fs::create_directory(directory / kAdapterFolder);
    });
  }

  // As a command has it: nobody chose what the default file says.
  config::Config use(const std::vector<std::string>& overrides) const {
    config::Config config = config::load(path("default.yaml"), overrides);
    const Json values = essentials(config, {""});
    for (const auto& [key, value] : values.items()) {
      const auto sets = [&key = key](const std::string& text) { return text.starts_with(key + "="); };
      if (std::ranges::none_of(overrides, sets)) config.assumed.insert(key);
    }
    return use_checkpoint(config, "").config;
  }
  std::string refusal(const std::vector<std::string>& overrides) const {
    return error_of([&] { use(overrides); });
  }

  TemporaryDirectory folder_;
  config::Config trained_;
  TrainerState state_;
};

TEST_F(TrainedWith, IsWhatIsUsedWhereNobodyChose) {
  const config::Config used = use({});
  EXPECT_EQ(used.lora.rank, 16);
  EXPECT_EQ(used.prompt.template_text, trained_.prompt.template_text);
  EXPECT_EQ(used.llm.path, trained_.llm.path);
  EXPECT_EQ(used.data.dir, trained_.data.dir);
  EXPECT_EQ(used.run.dir, path("run"));
}

TEST_F(TrainedWith, WhatContradictsItIsRefusedWithBothValues) {
  EXPECT_THAT(refusal({"lora.rank=4", "prompt.template=plain"}),
              AllOf(HasSubstr("run/sft/checkpoints/step-000001"), HasSubstr("was trained with lora.rank 16, not 4; with prompt.template"),
                    HasSubstr("\"{bos}{music}{question} {answer}{eos}\", not \"plain\""), Not(HasSubstr("llm.path"))));
  EXPECT_EQ(refusal({"lora.rank=16"}), "no error");
  EXPECT_EQ(refusal({"llm.dtype=float32", "prompt.max_length=99", "data.dir=elsewhere"}), "no error");
  EXPECT_EQ(use({"data.dir=elsewhere"}).data.dir, "elsewhere");
}

TEST_F(TrainedWith, AnotherModelOfTheSameShapeIsRefusedAndTheSameOneElsewhereIsNot) {
  write_model("copy", "a");
  write_model("other", "c");
  EXPECT_EQ(use({"llm.path=" + path("copy")}).llm.path, path("copy"));
  EXPECT_THAT(refusal({"llm.path=" + path("other")}), AllOf(HasSubstr("with llm.path " + path("llm") + " (fingerprint "),
                                                            HasSubstr("not " + path("other") + ", which holds another model")));
  write_model("llm", "c");
  EXPECT_THAT(refusal({}), HasSubstr("with another model in llm.path " + path("llm") + " than it holds now"));
}

// Kind A5.
TEST_F(TrainedWith, AnotherTokenizerOrChatTemplateIsRefused) {
  const auto trained_with_text = [&](const std::string& prompt_template) {
    write_atomically(path("llm/tokenizer.json"), "ids");
    write_atomically(path("llm/tokenizer_config.json"), "turns");
    trained_.prompt.template_text = prompt_template;
    state_.essentials = essentials(trained_, {"llm.", "prompt.", "music_encoder.", "lora."});
    state_.fingerprints[kTextFingerprint] = text_fingerprint(path("llm"), prompt_template);
    state_.write(path("run/sft/checkpoints/step-000001"));
  };
  trained_with_text("plain");
  write_atomically(path("llm/tokenizer_config.json"), "other turns");
  EXPECT_EQ(use({}).lora.rank, 16) << "no turns were taken from it";
  write_atomically(path("llm/tokenizer.json"), "other ids");
  EXPECT_THAT(refusal({}), HasSubstr("with another tokenizer than llm.path " + path("llm") + " holds: the fingerprint was "));
  trained_with_text("chat");
  EXPECT_EQ(use({}).lora.rank, 16);
  write_atomically(path("llm/tokenizer_config.json"), "other turns");
  EXPECT_THAT(refusal({}), HasSubstr("with another tokenizer or chat template than llm.path " + path("llm") + " holds"));
}

// Kind A5: data that were divided otherwise since.
TEST_F(TrainedWith, AnotherTestSplitIsWarnedOf) {
  config::Config config;
  config.llm.path = path("llm");
  const auto warning = [&](const std::string& held_out) {
    testing::internal::CaptureStderr();
    warn_of_other_pieces(config, path("run/sft/checkpoints/step-000001"), held_out);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(warning("now"), "") << "an earlier version's checkpoint does not say";
  state_.fingerprints[kHeldOutFingerprint] = "then";
  state_.write(path("run/sft/checkpoints/step-000001"));
  EXPECT_EQ(warning("then"), "");
  EXPECT_EQ(warning(""), "") << "no test split";
  EXPECT_THAT(warning("now"), HasSubstr("step-000001 was trained beside another test split than the data have now"));
  EXPECT_THAT(warning("then"), Not(HasSubstr("warning")));
  fs::create_directories(path("pretrain-llm/last"));
  config.llm.path = path("pretrain-llm/model");
  state_.fingerprints[kHeldOutFingerprint] = "before";
  state_.write(path("pretrain-llm/last"));
  EXPECT_THAT(warning("then"), HasSubstr("pretrain-llm/last was trained beside another test split"));
}

TEST_F(TrainedWith, ACheckpointOfTheLastVersionIsUsed) {
  state_.fingerprints = Json::object();
  state_.data_dir.clear();
  state_.write(path("run/sft/checkpoints/step-000001"));
  const fs::path file = path("run/sft/checkpoints/step-000001/trainer_state.json");
  Json json = read_json(file);
  json.erase("fingerprints");
  json.erase("data_dir");
  write_atomically(file, json.dump());
  write_model("other", "c");
  EXPECT_EQ(use({}).lora.rank, 16);
  testing::internal::CaptureStderr();
  EXPECT_EQ(use({"llm.path=" + path("other")}).llm.path, path("other"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("with llm.path " + path("llm") + ", not " + path("other")));
}

TEST_F(TrainedWith, AnAdapterThatIsLostIsMissed) {
  fs::remove(path("run/sft/checkpoints/step-000001/adapter"));
  EXPECT_THAT(refusal({}), HasSubstr("step-000001/adapter: is missing, although the stage trained an adapter"));
}

TEST_F(TrainedWith, AnAdapterOfAnotherScaleIsRefused) {
  const std::string file = path("run/sft/checkpoints/step-000001/adapter/adapter_config.json");
  const Json alpha = trained_.lora.alpha;
  write_atomically(file, Json{{"r", 16}, {"lora_alpha", alpha}}.dump());
  EXPECT_EQ(use({}).lora.rank, 16);
  write_atomically(file, Json{{"r", 16}, {"lora_alpha", 700}}.dump());
  EXPECT_THAT(refusal({}),
              HasSubstr("adapter_config.json: lora_alpha: is 700, but the checkpoint was trained with lora.alpha " + alpha.dump()));
  write_atomically(file, Json{{"r", 4}, {"lora_alpha", alpha}}.dump());
  EXPECT_THAT(refusal({}), HasSubstr("r: is 4, but the checkpoint was trained with lora.rank 16"));
}

TEST_F(TrainedWith, ADirectoryWithoutAStateIsUsedAsItIs) {
  fs::remove(path("run/sft/checkpoints/step-000001/trainer_state.json"));
  write_atomically(path("run/sft/checkpoints/step-000001/projector.safetensors"), "p");
  EXPECT_EQ(use({}).lora.rank, 2);
}

}  // namespace
}  // namespace midillama::runs
