// melody: a transformer learns whether a phrase follows another.
#include "midillama/core/random.h"
#include "midillama/melody/examples.h"
#include "midillama/melody/learnt.h"
#include "midillama/model/melody_transformer.h"
#include "midillama/model/to_device.h"
#include "train/stages.h"

#include <ATen/Functions.h>

#include <fmt/format.h>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

class MelodyStage final : public Stage {
 public:
  explicit MelodyStage(const StageContext& context)
      : config_(context.config.melody),
        device_(context.device),
        parts_(melody::read_parts(context.config)),
        model_(config_, torch::TensorOptions(torch::kFloat32).device(device_)) {
    const std::uint64_t seed = context.config.run.seed;
    train_.emplace(melody::read_phrases(parts_.train, config_, "learn from"), config_, config_.max_shift, seed_for(seed, "melody pairs"));
    if (!parts_.valid.empty())
      valid_.emplace(melody::read_phrases(parts_.valid, config_, "validate with"), config_, 0, seed_for(seed, "melody validation"));
    if (context.resume_from) {
      model::load_weights(model_, *context.resume_from);
    } else {
      model::initialize_weights(model_, seed_for(seed, "melody"));
    }
  }

  std::vector<std::string> essentials() const override { return melody::essentials(); }

  torch::nn::Module& module() override { return *model_; }

  std::int64_t size(Split split) const override { return split == Split::train ? train_->size() : valid_ ? valid_->size() : 0; }

  std::int64_t tokens(const Draw& draw) const override { return examples(draw.split).tokens(draw.index, draw.number); }

  // One decision.
  Example example(const Draw& draw) const override {
    melody::PairExample pair = examples(draw.split).example(draw.index, draw.number);
    return {.id = pair.id, .content = std::move(pair), .tokens = tokens(draw), .targets = 1};
  }

  std::string data_fingerprint() const override { return train_->fingerprint(); }

  std::unique_ptr<model::TeamScope> team_scope() override { return std::make_unique<model::TeamScope>(model_->decoder->output_weight()); }

  // The decisions' cross-entropies, and those of the notes: of every second phrase by itself, and after the first where it follows that.
  torch::Tensor loss(std::span<const Example> batch) override {
    std::vector<melody::PairTokens> pairs;
    const torch::Tensor follows = torch::empty({static_cast<std::int64_t>(batch.size())});
    for (const Example& example : batch) {
      const auto& pair = std::any_cast<const melody::PairExample&>(example.content);
      follows[static_cast<std::int64_t>(pairs.size())] = pair.follows ? 1.0 : 0.0;
      pairs.push_back(pair.tokens);
    }
    const torch::Tensor right = model::to_device(follows, device_);
    const model::JudgedPairs judged = model_->forward(pairs);
    const torch::Tensor decisions = at::binary_cross_entropy_with_logits(judged.log_odds, right, {}, {}, at::Reduction::Sum);
    return decisions + config_.language_model_weight * (judged.losses_after * right + judged.losses_alone).sum();
  }

  void save(const fs::path& directory) override {
    model::save_melody_transformer(model_, directory);
    melody::write_learnt(directory, parts_);
  }

 private:
  const melody::PairExamples& examples(Split split) const { return split == Split::train ? *train_ : *valid_; }

  config::Melody config_;
  torch::Device device_;
  pieces::Parts parts_;
  std::optional<melody::PairExamples> train_;
  std::optional<melody::PairExamples> valid_;
  model::MelodyTransformer model_;
};

}  // namespace

std::unique_ptr<Stage> make_melody_stage(const StageContext& context) {
  return std::make_unique<MelodyStage>(context);
}

}  // namespace midillama::train
