#include "midillama/systems/answerer.h"

#include "eval/tiny_world.h"
#include "midillama/core/error.h"
#include "systems/midi_llama.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::systems {
namespace {

struct AnswererTest : testing::Test {
  std::vector<generate::Heard> heard(std::string_view name) {
    const auto answerer = kind_from_name(name).make(resources);
    return dynamic_cast<MidiLlamaAnswerer&>(*answerer).hear(resources.questions());
  }

  eval::TinyWorld world;
  std::unique_ptr<parallel::ProcessGroup> group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(10));
  Resources resources{world.config, world.path("checkpoint"), "test", torch::kCPU, *group};
};

TEST_F(AnswererTest, WhatIsHeardInEachMode) {
  const auto& questions = resources.questions();
  const auto own = heard("true"), other = heard("shuffled"), zero = heard("zero"), none = heard("none");
  for (std::size_t i = 0; i < questions.size(); ++i) {
    EXPECT_TRUE(own[i].music.equal(resources.clips().music(questions[i].clip)));
    EXPECT_FALSE(other[i].music.equal(own[i].music));
    EXPECT_TRUE(zero[i].music.equal(torch::zeros({1, 16})));
    EXPECT_FALSE(none[i].music.defined());
  }
  EXPECT_TRUE(other[0].music.equal(other[1].music)) << "questions about one clip hear the same music";
}

TEST_F(AnswererTest, NotesAreHeardAsMusicIs) {
  world.config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  const auto& questions = resources.questions();
  const auto own = heard("true"), other = heard("shuffled"), zero = heard("zero"), none = heard("none");
  for (std::size_t i = 0; i < questions.size(); ++i) {
    EXPECT_EQ(own[i].notes, resources.clips().notes(questions[i].clip));
    EXPECT_NE(own[i].notes, "");
    EXPECT_NE(other[i].notes, own[i].notes);
    EXPECT_EQ(zero[i].notes + none[i].notes, "");
    EXPECT_FALSE(own[i].music.defined());
  }
}

TEST_F(AnswererTest, EveryKindAnswersEveryQuestionUnderItsName) {
  for (const Kind& kind : kinds()) {
    const auto answerer = kind.make(resources);
    EXPECT_EQ(answerer->name(), kind.name);
    EXPECT_NE(answerer->label(), "");
    EXPECT_NE(answerer->fingerprint(), "");
    EXPECT_EQ(answerer->answer(resources.questions()).size(), resources.questions().size());
  }
  EXPECT_EQ(kind_from_name("shuffled").make(resources)->label(), "music shuffled");
  EXPECT_THROW(kind_from_name("loud"), UsageError);
}

TEST_F(AnswererTest, AnotherCheckpointOrSettingIsAnotherFingerprint) {
  const std::string before = kind_from_name("true").make(resources)->fingerprint();
  const auto now = [&] {
    Resources fresh(world.config, world.path("checkpoint"), "test", torch::kCPU, *group);
    return kind_from_name("true").make(fresh)->fingerprint();
  };
  EXPECT_EQ(now(), before);
  world.config.generate.temperature = 0.5;
  EXPECT_NE(now(), before);
  world.config.generate.temperature = 0;
  world.config.generate.weights = "int8";
  EXPECT_NE(now(), before);
  world.config.generate.weights = "own";
  EXPECT_EQ(now(), before);
  world.write_checkpoint(2);
  EXPECT_NE(now(), before);
}

TEST_F(AnswererTest, ZeroShotIsTheModelBeforeTraining) {
  const auto answers = [&](const char* name) { return kind_from_name(name).make(resources)->answer(resources.questions()); };
  const auto before = answers("zero-shot");
  EXPECT_FALSE(heard("zero-shot")[0].music.defined());
  EXPECT_EQ(before, answers("none")) << "this checkpoint has no adapter: without its projector it is the model before training";
  EXPECT_NE(before, answers("true"));
}

}  // namespace
}  // namespace midillama::systems
