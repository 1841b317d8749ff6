// What every kind of projector does.
#include "midillama/model/projector.h"

#include "midillama/config/projector_kinds.h"
#include "midillama/core/file.h"
#include "midillama/model/midi_llama.h"
#include "midillama/runs/files.h"
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
  EXPECT_THAT(error_of([&] { make_projector(of_kind("mlp"), 6, 16, 1)->start_whitened(at::randn({4, 6}), 1, 1); }), HasSubstr("mlp"));
}

// A kind that reads a vector a note and writes as many tokens as it has queries: nothing else has to know it.
class AttentionPooling final : public Projector {
 public:
  AttentionPooling(std::int64_t queries, std::int64_t music_size, std::int64_t hidden_size)
      : queries_(register_parameter("queries", at::randn({queries, music_size}))),
        weight_(register_parameter("weight", at::randn({hidden_size, music_size}))) {}
  std::string kind() const override { return "attention"; }
  std::int64_t tokens(std::int64_t) const override { return queries_.size(0); }
  torch::Tensor project(std::span<const torch::Tensor> clips) override {
    std::vector<torch::Tensor> tokens;
    for (const auto& clip : clips) tokens.push_back(queries_.mm(clip.t()).softmax(-1).mm(clip).mm(weight_.t()));
    return at::cat(tokens);
  }
  Card card() const override { return {}; }

 private:
  torch::Tensor queries_, weight_;
};

TEST(Projector, AKindMayPoolNotesAndGiveAnyNumberOfTokens) {
  MidiLlama model(tiny_llama(), std::make_shared<AttentionPooling>(2, 6, 16));
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
  MidiLlama loaded(tiny_llama(), std::make_shared<AttentionPooling>(2, 6, 16));
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
