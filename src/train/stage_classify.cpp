// classify: a network learns to tell the genre or style of pieces.
#include "midillama/classes/learnt.h"
#include "midillama/classes/task.h"
#include "midillama/core/hash.h"
#include "midillama/core/random.h"
#include "midillama/data/piece_inputs.h"
#include "midillama/model/classifier.h"
#include "midillama/model/to_device.h"
#include "midillama/runs/trained_with.h"
#include "train/stages.h"

#include <ATen/Functions.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

struct ClassExample {
  torch::Tensor input;   // as data::PieceInputs makes it
  torch::Tensor target;  // [classes] float32: 1 for those that the piece is of
};

class ClassifyStage final : public Stage {
 public:
  explicit ClassifyStage(const StageContext& context)
      : config_(context.config),
        device_(context.device),
        task_(classes::read_task(config_)),
        train_(data::make_piece_inputs(config_, task_.parts.train, device_)),
        valid_(data::make_piece_inputs(config_, task_.parts.valid, device_)),
        model_(model::make_classifier(config_.classify, train_->shape(), count_classes(), seed_for(config_.run.seed, "classifier"))) {
    if (context.resume_from) {
      model::load_classifier(*model_, *context.resume_from);
    } else {
      model_->prepare([this](std::int64_t piece) { return train_->at(piece); }, size(Split::train));
    }
    model_->to(device_);
    if (context.group.is_main() && config_.classify.model == "musicbert")
      fingerprints_["music_encoder.path"] = runs::model_fingerprint(config_.music_encoder.path);
  }

  // The tested folders are not among them: one model is tested on several sets.
  std::vector<std::string> essentials() const override {
    std::vector<std::string> keys;
    for (const char* key : {"model", "task", "genre", "style", "multi_label", "mapping", "min_pieces", "pieces.train", "pieces.fold",
                            "pieces.valid_fraction", "pieces.max_works", "piano_roll.", "channels", "dropout", "max_shift", "max_start"})
      keys.push_back(fmt::format("classify.{}", key));
    if (config_.classify.model == "musicbert") {
      for (const char* key : {"path", "pooling", "tokens", "hidden_states", "dtype"}) keys.push_back(fmt::format("music_encoder.{}", key));
    }
    return keys;
  }

  Json fingerprints() const override { return fingerprints_; }

  torch::nn::Module& module() override { return *model_; }

  std::int64_t size(Split split) const override { return static_cast<std::int64_t>(pieces(split).size()); }

  std::int64_t tokens(const Draw&) const override { return train_->tokens(); }

  Example example(const Draw& draw) const override {
    const pieces::Piece& piece = pieces(draw.split).at(static_cast<std::size_t>(draw.index));
    ClassExample made{input(draw), torch::zeros({count_classes()})};
    const std::vector<bool> truth = task_.truth(piece);
    for (std::size_t c = 0; c < truth.size(); ++c) made.target[static_cast<std::int64_t>(c)] = truth[c] ? 1.f : 0.f;
    return {piece.id, std::move(made), tokens(draw), task_.multi_label ? count_classes() : 1};
  }

  std::string data_fingerprint() const override {
    std::string parts;
    for (const Split split : {Split::train, Split::valid}) {
      for (const pieces::Piece& piece : pieces(split))
        parts += fmt::format("{} {} {}\n", piece.id, piece.content, fmt::join(piece.values(task_.label), ", "));
      parts += "\n";
    }
    return fingerprint(parts);
  }

  torch::Tensor loss(std::span<const Example> batch) override {
    std::vector<torch::Tensor> inputs, targets;
    for (const Example& example : batch) {
      const auto& made = std::any_cast<const ClassExample&>(example.content);
      inputs.push_back(made.input);
      targets.push_back(made.target);
    }
    const auto logits = model_->logits(model::to_device(at::stack(inputs), device_));
    return model::classification_loss(logits, model::to_device(at::stack(targets), device_), task_.multi_label);
  }

  void save(const fs::path& directory) override {
    model::save_classifier(*model_, directory);
    classes::write_learnt(directory, task_);
  }

 private:
  std::int64_t count_classes() const { return static_cast<std::int64_t>(task_.classes.size()); }
  const std::vector<pieces::Piece>& pieces(Split split) const { return split == Split::train ? task_.parts.train : task_.parts.valid; }

  torch::Tensor input(const Draw& draw) const {
    if (draw.split == Split::valid) return valid_->at(draw.index);
    Random random(seed_for(config_.run.seed, "picture", draw.number));
    return train_->varied(draw.index, random);
  }

  config::Config config_;
  torch::Device device_;
  classes::Task task_;
  std::unique_ptr<data::PieceInputs> train_, valid_;
  std::shared_ptr<model::Classifier> model_;
  Json fingerprints_ = Json::object();
};

}  // namespace

std::unique_ptr<Stage> make_classify_stage(const StageContext& context) {
  return std::make_unique<ClassifyStage>(context);
}

}  // namespace midillama::train
