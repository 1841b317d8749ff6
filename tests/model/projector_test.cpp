// What every kind of projector does.
#include "midillama/model/projector.h"

#include "midillama/config/projector_kinds.h"
#include "midillama/core/file.h"
#include "midillama/model/midi_llama.h"
#include "midillama/runs/files.h"
#include "midillama/weights/safetensors.h"
#include "support/error_of.h"
#include "tiny_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::model {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

config::Projector of_kind(std::string_view kind) {
  config::Projector config;
  config.kind = kind;
  return config;
}

class EveryProjector : public testing::TestWithParam<std::string_view> {
 protected:
  std::shared_ptr<Projector> make(std::uint64_t seed = 1) const { return make_projector(of_kind(GetParam()), 6, 16, seed); }
};

INSTANTIATE_TEST_SUITE_P(Kinds, EveryProjector, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const auto& kind : config::projector_kinds()) names.push_back(kind.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(EveryProjector, IsWhatItsRowSays) {
  const config::ProjectorKind& row = *config::find_projector_kind(GetParam());
  EXPECT_EQ(make()->kind(), GetParam());
  for (const std::int64_t inner : {0, 9}) {
    auto config = of_kind(GetParam());
    config.hidden_size = inner;
    const auto projector = make_projector(config, 6, 16, 1);
    std::int64_t parameters = 0;
    for (const auto& parameter : projector->parameters()) parameters += parameter.numel();
    EXPECT_EQ(parameters, row.parameters(config, 6, 16));
    for (const std::int64_t vectors : {1, 5}) EXPECT_EQ(projector->tokens(vectors), row.tokens(config, vectors));
  }
}

TEST_P(EveryProjector, ProjectsClipsOneAfterTheOther) {
  const auto projector = make();
  const std::vector<torch::Tensor> clips = {at::randn({2, 6}), at::randn({1, 6})};
  const torch::Tensor together = projector->project(clips);
  EXPECT_EQ(together.sizes(), at::IntArrayRef({projector->tokens(2) + projector->tokens(1), 16}));
  const torch::Tensor second = projector->project(std::span(clips).subspan(1));
  EXPECT_LT(largest_difference(together.narrow(0, projector->tokens(2), second.size(0)), second), 1e-6);
}

TEST_P(EveryProjector, ComesBackAsSaved) {
  const TemporaryDirectory folder;
  const auto saved = make(1), loaded = make(2);
  saved->save(folder.path());
  const std::vector<torch::Tensor> clips = {at::randn({3, 6})};
  EXPECT_GT(largest_difference(saved->project(clips), loaded->project(clips)), 1e-3);
  loaded->load(folder.path());
  EXPECT_TRUE(at::equal(saved->project(clips), loaded->project(clips)));
}

TEST_P(EveryProjector, TrainsInAModel) {
  MidiLlama model(tiny_llama(), make());
  const std::vector<MusicText> batch = {{{3, 4, 5}, {3, 4, 5}, 1, at::randn({2, 6})}};
  model->loss(batch).sum.backward();
  for (const auto& parameter : model->projector->named_parameters()) {
    EXPECT_GT(parameter.value().grad().abs().sum().item<double>(), 0) << parameter.key();
  }
}

TEST(Projector, AFileOfAnotherKindIsRefusedByName) {
  const TemporaryDirectory folder;
  make_projector(of_kind("mlp"), 6, 16, 1)->save(folder.path());
  EXPECT_THAT(error_of([&] { make_projector({}, 6, 16, 1)->load(folder.path()); }),
              AllOf(HasSubstr("projector.safetensors"), HasSubstr("kind mlp"), HasSubstr("projector.kind is linear")));
  EXPECT_THAT(error_of([&] { make_projector(of_kind("magic"), 6, 16, 1); }), HasSubstr("magic"));
  EXPECT_THAT(error_of([&] {
                make_projector(of_kind("mlp"), 6, 16, 1)->start_regressed(at::randn({4, 6}), at::randn({4, 16}), 1);
              }),
              HasSubstr("mlp"));
}

// Clips whose vectors are far from zero and differ by 0.1 to 100.
std::vector<torch::Tensor> uneven_clips(std::int64_t count) {
  torch::manual_seed(6);
  const torch::Tensor spreads = at::logspace(-1, 2, 6, 10.0, torch::kFloat32);
  std::vector<torch::Tensor> clips;
  for (std::int64_t i = 0; i < count; ++i) clips.push_back((at::randn({1, 6}) + 0.3 * at::randn({1 + i % 4, 6})) * spreads + 7);
  return clips;
}

TEST_P(EveryProjector, StartsWhitenedAtTheScaleAskedFor) {
  const auto projector = make_projector(of_kind(GetParam()), 6, 300, 1);
  const auto clips = uneven_clips(400);
  projector->start_whitened(clips, 0.05, 1);
  const torch::Tensor tokens = projector->project(clips);
  EXPECT_NEAR(tokens.mean(0).std().item<double>(), 0.05, 0.015);
  EXPECT_NEAR((tokens - tokens.mean(0)).std().item<double>(), 0.05, 0.03);
  const auto again = make_projector(of_kind(GetParam()), 6, 300, 2);
  again->start_whitened(clips, 0.05, 1);
  EXPECT_TRUE(at::equal(again->project(clips), tokens));
}

TEST_P(EveryProjector, IsSavedAsThePlainOneAndGoesOnAsItWasTrained) {
  const TemporaryDirectory folder;
  const auto clips = uneven_clips(40);
  const auto trained = make(1), plain = make(2), resumed = make(3);
  trained->start_whitened(clips, 0.5, 1);
  trained->save(folder.path());
  const torch::Tensor expected = trained->project(clips);
  plain->load(folder.path());
  EXPECT_FALSE(plain->is_whitened());
  EXPECT_LT(largest_difference(plain->project(clips), expected), 1e-3);
  resumed->load(folder.path());
  resumed->load_to_train(folder.path());
  EXPECT_TRUE(at::equal(resumed->project(clips), expected));
}

TEST_P(EveryProjector, TokensCanBeMovedAndScaled) {
  const auto projector = make();
  const auto clips = uneven_clips(3);
  const torch::Tensor before = projector->project(clips).clone(), shift = at::randn({16});
  projector->change_tokens(0.25, shift);
  EXPECT_LT(largest_difference(projector->project(clips), before * 0.25 + shift), 1e-4);
}

config::Projector attention(std::int64_t queries) {
  config::Projector config;
  config.kind = "attention";
  config.queries = queries;
  return config;
}

TEST(AttentionProjector, EqualsPyTorchsMultiheadAttention) {
  const auto golden = weights::read_safetensors("tests/golden/model/attention_projector.safetensors");
  const auto projector = make_projector(attention(3), 130, 7, 1);
  ASSERT_EQ(projector->named_parameters().size(), 5u);
  for (const auto& parameter : projector->named_parameters()) {
    const torch::NoGradGuard no_grad;
    parameter.value().copy_(golden.at("parameter." + parameter.key()));
  }
  const std::vector<torch::Tensor> clips = {golden.at("clip.0"), golden.at("clip.1"), golden.at("clip.2")};
  const torch::Tensor tokens = projector->project(clips);
  EXPECT_LT(largest_difference(tokens, golden.at("tokens")), 1e-5);
  (tokens * at::arange(1, tokens.numel() + 1).view_as(tokens) / 100).sum().backward();
  for (const auto& parameter : projector->named_parameters())
    EXPECT_LT(largest_difference(parameter.value().grad(), golden.at("gradient." + parameter.key())), 2e-5) << parameter.key();
}

TEST(AttentionProjector, HasARowForAnyNumberOfQueriesAndSizeOfVectors) {
  for (const std::int64_t queries : {1, 4}) {
    for (const std::int64_t music_size : {6, 64, 200, 512}) {
      const auto projector = make_projector(attention(queries), music_size, 32, 1);
      std::int64_t parameters = 0;
      for (const auto& parameter : projector->parameters()) parameters += parameter.numel();
      const config::ProjectorKind& row = *config::find_projector_kind("attention");
      EXPECT_EQ(parameters, row.parameters(attention(queries), music_size, 32)) << music_size;
      EXPECT_EQ(row.tokens(attention(queries), 17), queries);
      EXPECT_EQ(projector->project(std::vector{at::randn({5, music_size})}).size(0), queries);
    }
  }
}

TEST(Projector, AKindMayPoolNotesAndGiveAnyNumberOfTokens) {
  MidiLlama model(tiny_llama(), make_projector(attention(2), 6, 16, 1));
  const std::vector<MusicText> batch = {{{3, 4, 5}, {3, 4, 5}, 1, at::randn({7, 6})}, {{6, 7}, {6, 7}, 0, at::randn({3, 6})}};
  const auto rows = model->splice(batch);
  EXPECT_EQ(rows[0].size(0), 3 + 2);
  EXPECT_EQ(rows[1].size(0), 2 + 2);
  EXPECT_TRUE(at::equal(rows[1].narrow(0, 2, 2), model->llama->embed(torch::tensor({6, 7}))));
  const LossSum loss = model->loss(batch);
  EXPECT_THAT(loss.targets_per_example, testing::ElementsAre(2, 2));
  loss.sum.backward();
  const TemporaryDirectory folder;
  save_trained(model, folder.path(), "llama");
  MidiLlama loaded(tiny_llama(), make_projector(attention(2), 6, 16, 2));
  load_trained(loaded, folder.path());
  EXPECT_TRUE(at::equal(loaded->splice(batch)[0], rows[0]));
}

TEST(Projector, AModelMayHearNoMusicAtAll) {
  MidiLlama model(tiny_llama(), nullptr);
  const std::vector<MusicText> text = {{{3, 4, 5}, {3, 4, 5}, 0, {}}}, music = {{{3, 4, 5}, {3, 4, 5}, 0, at::randn({1, 6})}};
  EXPECT_EQ(model->loss(text).target_tokens, 2);
  EXPECT_THAT(error_of([&] { model->loss(music); }), HasSubstr("without a projector"));
  model->add_lora({}, 1);
  const TemporaryDirectory folder;
  save_trained(model, folder.path(), "llama");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / runs::kProjectorFile));
  MidiLlama loaded(tiny_llama(), nullptr);
  load_trained(loaded, folder.path());
  EXPECT_TRUE(loaded->lora);
}

}  // namespace
}  // namespace midillama::model
