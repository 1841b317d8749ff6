#include "midillama/systems/answerer.h"

#include "eval/tiny_world.h"
#include "midillama/core/error.h"
#include "systems/hearing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::systems {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct AnswererTest : testing::Test {
  std::vector<generate::Heard> heard(std::string_view name, std::unique_ptr<Listener> (*listener)(Resources&) = make_trained_model) {
    return hearing_from_name(name).hear(*listener(resources), resources.questions());
  }
  std::vector<std::string> answers(const char* name) { return kind_from_name(name).make(resources)->answer(resources.questions()).texts; }

  eval::TinyWorld world;
  std::unique_ptr<parallel::ProcessGroup> group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(10));
  Resources resources{world.config, world.path("checkpoint"), "test", torch::kCPU, *group};
};

TEST_F(AnswererTest, WhatIsHeardInEachMode) {
  const auto& questions = resources.questions();
  const auto own = heard("true"), other = heard("shuffled"), zero = heard("zero"), mean = heard("mean"), none = heard("none");
  torch::Tensor expected = torch::zeros({1, 16});
  const data::ClipEmbeddings training(world.config, resources.training().clips(), torch::kCPU);
  for (const auto& clip : resources.training().clips()) expected += training.at(clip) / 12;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    EXPECT_TRUE(own[i].music.equal(resources.clips().music(questions[i].clip)));
    EXPECT_FALSE(other[i].music.equal(own[i].music));
    EXPECT_TRUE(zero[i].music.equal(torch::zeros({1, 16})));
    EXPECT_TRUE(mean[i].music.allclose(expected, 0, 1e-6)) << "of the training split, whose clips are twelve";
    EXPECT_FALSE(none[i].music.defined());
  }
  EXPECT_TRUE(other[0].music.equal(other[1].music)) << "questions about one clip hear the same music";
  EXPECT_THROW(hearing_from_name("loud"), UsageError);
}

TEST_F(AnswererTest, TheMeanOfUnpooledClipsIsOneVectorInWhichEachClipCountsOnce) {
  const torch::Tensor pooled = heard("mean")[0].music;
  world.config.music_encoder.pooling = "none";
  Resources unpooled(world.config, world.path("checkpoint"), "test", torch::kCPU, *group);
  EXPECT_TRUE(unpooled.mean_music().allclose(pooled, 0, 1e-5)) << "the clips have from 16 to 27 notes";
  EXPECT_EQ(unpooled.mean_music().sizes(), (std::vector<std::int64_t>{1, 16}));
}

TEST_F(AnswererTest, NotesAreHeardAsMusicIs) {
  world.config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  world.config.prompt.notes = "note-list";
  const auto& questions = resources.questions();
  for (const auto listener : {make_trained_model, make_untouched_model, make_endpoint}) {
    const auto own = heard("true", listener), other = heard("shuffled", listener), none = heard("none", listener);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      EXPECT_EQ(own[i].notes, resources.clips().notes(questions[i].clip));
      EXPECT_NE(own[i].notes, "");
      EXPECT_NE(other[i].notes, own[i].notes);
      EXPECT_EQ(none[i].notes, "");
      EXPECT_FALSE(own[i].music.defined());
    }
  }
}

TEST_F(AnswererTest, EveryKindAnswersEveryQuestionUnderItsName) {
  for (const Kind& kind : kinds()) {
    const auto answerer = kind.make(resources);
    EXPECT_EQ(answerer->name(), kind.name);
    EXPECT_NE(answerer->label(), "");
    EXPECT_NE(answerer->fingerprint(), "");
    EXPECT_EQ(answerer->hears_music(), kind.who == Who::system);
    const Answers answers = answerer->answer(resources.questions());
    EXPECT_EQ(answers.texts.size(), resources.questions().size());
    EXPECT_EQ(answers.missing, 0u);
  }
  EXPECT_EQ(kind_from_name("shuffled").make(resources)->label(), "music shuffled");
  EXPECT_THROW(kind_from_name("loud"), UsageError);
}

TEST_F(AnswererTest, VectorsAreGivenToThoseWhoHearThem) {
  const auto obstacles = [&](const Kind& kind) { return kind.obstacle(resources); };
  for (const Kind& kind : kinds()) EXPECT_EQ(obstacles(kind), "");
  world.config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  world.config.prompt.notes = "note-list";
  Resources as_text(world.config, world.path("checkpoint"), "test", torch::kCPU, *group);
  world.config.system = "endpoint";
  for (const Kind& kind : kinds()) {
    const bool is_vectors = kind.name == "zero" || kind.name == "mean";
    EXPECT_EQ(kind.obstacle(as_text).empty(), !is_vectors) << kind.name;
  }
  EXPECT_THAT([&] { kind_from_name("mean").make(as_text); },
              ThrowsMessage<UsageError>(HasSubstr("\"mean\" takes the place of musical tokens, and there are none: an endpoint")));
  world.config.system = "midillama";
  EXPECT_THAT([&] { kind_from_name("zero").make(as_text); }, ThrowsMessage<UsageError>(HasSubstr("the template has no {music}")));
}

TEST_F(AnswererTest, OnlyWhatWasTrainedNeedsACheckpoint) {
  for (const Kind& kind : kinds()) EXPECT_EQ(kind.needs_checkpoint(world.config), kind.who == Who::system) << kind.name;
  world.config.system = "abc";
  EXPECT_TRUE(kind_from_name("true").needs_checkpoint(world.config));
  world.config.system = "endpoint";
  for (const Kind& kind : kinds()) EXPECT_FALSE(kind.needs_checkpoint(world.config)) << kind.name;
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
  world.config.prompt.notes_tokens = 100;
  EXPECT_NE(now(), before);
  world.config.prompt.notes_tokens = 0;
  EXPECT_EQ(now(), before);
  world.write_checkpoint(2);
  EXPECT_NE(now(), before);
}

TEST_F(AnswererTest, AnswersWithTheMeanDependOnTheTrainingClips) {
  const auto now = [&](const char* name) {
    Resources fresh(world.config, world.path("checkpoint"), "test", torch::kCPU, *group);
    return kind_from_name(name).make(fresh)->fingerprint();
  };
  const std::string mean = now("mean"), own = now("true"), untouched = now("zero-shot");
  eval::TinyWorld::write_clip(world.path("data/clips/train-0.mid"), 30);
  EXPECT_NE(now("mean"), mean);
  EXPECT_EQ(now("true"), own);
  world.write_checkpoint(2);
  EXPECT_NE(now("true"), own);
  EXPECT_EQ(now("zero-shot"), untouched) << "what is trained does not touch it";
}

TEST_F(AnswererTest, ZeroShotIsTheModelBeforeTraining) {
  const auto before = answers("zero-shot");
  EXPECT_FALSE(heard("true", make_untouched_model)[0].music.defined());
  EXPECT_EQ(kind_from_name("zero-shot").make(resources)->label(), "zero-shot, the question alone");
  EXPECT_EQ(before, answers("none")) << "this checkpoint has no adapter: without its projector it is the model before training";
  EXPECT_NE(before, answers("true"));
}

TEST_F(AnswererTest, ZeroShotNeedsTheLanguageModelAlone) {
  const auto before = answers("zero-shot");
  world.config.music_encoder.path = world.path("nowhere");
  Resources bare(world.config, "", "test", torch::kCPU, *group);
  EXPECT_EQ(kind_from_name("zero-shot").make(bare)->answer(bare.questions()).texts, before);

  world.config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  world.config.prompt.notes = "note-list";
  Resources as_text(world.config, "", "test", torch::kCPU, *group);
  const auto reader = kind_from_name("zero-shot").make(as_text);
  EXPECT_EQ(reader->label(), "zero-shot, the clip as note-list");
  EXPECT_NE(reader->answer(as_text.questions()).texts, before);
}

}  // namespace
}  // namespace midillama::systems
