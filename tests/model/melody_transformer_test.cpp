#include "midillama/model/melody_transformer.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "support/error_of.h"

#include <ATen/Functions.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::model {
namespace {

using melody::Notes;
using melody::PairTokens;
using testing::HasSubstr;
using testing_support::error_of;

config::Melody tiny() {
  config::Melody config;
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  return config;
}

Notes notes(const std::vector<std::int64_t>& pitches) {
  Notes notes;
  for (const std::int64_t pitch : pitches) {
    const auto place = static_cast<std::int64_t>(notes.size());
    notes.push_back({.bar = place / 4, .position = place % 4 * 12, .duration = 12 + place % 2, .pitch = pitch});
  }
  return notes;
}

class Melodies : public testing::Test {
 protected:
  Melodies() {
    initialize_weights(model_, 1);
    // Decisions begin at zero: these are of a model that has learnt something.
    const torch::NoGradGuard no_grad;
    model_->decision->weight.normal_();
    model_->eval();
    pairs_ = {melody::pair_tokens(notes({60, 62, 64}), notes({65, 67, 69, 71, 72}), 0, config_),
              melody::pair_tokens(notes({70, 69, 67, 66, 65}), notes({60, 60}), 0, config_),
              melody::pair_tokens(notes({60, 62, 64}), notes({40, 80, 30, 90}), 0, config_)};
  }

  config::Melody config_ = tiny();
  MelodyTransformer model_{config_};
  std::vector<PairTokens> pairs_;
};

TEST_F(Melodies, APairIsJudgedAloneAsInCompany) {
  const torch::NoGradGuard no_grad;
  const JudgedPairs together = model_->forward(pairs_);
  ASSERT_EQ(together.log_odds.sizes(), torch::IntArrayRef({3}));
  for (std::int64_t i = 0; i < 3; ++i) {
    const JudgedPairs alone = model_->forward(std::span(pairs_).subspan(static_cast<std::size_t>(i), 1));
    EXPECT_NEAR(alone.log_odds.item<float>(), together.log_odds[i].item<float>(), 1e-5);
    EXPECT_NEAR(alone.losses_after.item<float>(), together.losses_after[i].item<float>(), 1e-5);
    EXPECT_NEAR(alone.losses_alone.item<float>(), together.losses_alone[i].item<float>(), 1e-5);
  }
  EXPECT_GT((together.log_odds[0] - together.log_odds[2]).abs().item<float>(), 1e-3);
}

// What a note costs follows from a phrase with it and the same without it; all notes that may come add up to one.
TEST_F(Melodies, ANoteIsFoundFromThoseBeforeItAlone) {
  const torch::NoGradGuard no_grad;
  const Notes first = notes({60, 62, 64});
  Notes second = notes({65, 67, 69});
  const auto cost_of = [&](std::span<const PairTokens> pairs, double count) {
    return model_->forward(pairs).losses_after.to(torch::kFloat64) * count;
  };
  const std::vector without = {melody::pair_tokens(first, {second[0], second[1]}, 0, config_)};
  const double before = cost_of(without, 2).item<double>();
  double sum = 0;
  for (std::int64_t duration = 1; duration <= 96; ++duration) {
    std::vector<PairTokens> with;
    for (std::int64_t pitch = 0; pitch < 128; ++pitch) {
      second[2] = {.bar = 0, .position = 24, .duration = duration, .pitch = pitch};
      with.push_back(melody::pair_tokens(first, second, 0, config_));
    }
    sum += (before - cost_of(with, 3)).exp().sum().item<double>();
  }
  EXPECT_NEAR(sum, 1, 1e-3);
}

TEST_F(Melodies, IsTheSameFromAFile) {
  const TemporaryDirectory folder;
  save_melody_transformer(model_, folder.path());
  MelodyTransformer read(config_);
  load_weights(read, folder.path());
  read->eval();
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::equal(read->forward(pairs_).log_odds, model_->forward(pairs_).log_odds));
  config_.num_hidden_layers = 3;
  MelodyTransformer larger(config_);
  EXPECT_THAT(error_of([&] { load_weights(larger, folder.path()); }), HasSubstr("missing: decoder.model.layers.2"));
}

TEST_F(Melodies, DropoutActsInTrainingOnly) {
  const torch::NoGradGuard no_grad;
  const auto judged = model_->forward(pairs_).log_odds;
  EXPECT_TRUE(torch::equal(model_->forward(pairs_).log_odds, judged));
  model_->train();
  EXPECT_FALSE(torch::equal(model_->forward(pairs_).log_odds, judged));
}

}  // namespace
}  // namespace midillama::model
