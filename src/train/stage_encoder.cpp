// pretrain-encoder: a MusicBERT learns to find masked fields of notes.
#include "midillama/core/directory.h"
#include "midillama/core/hash.h"
#include "midillama/core/random.h"
#include "midillama/data/clip_notes.h"
#include "midillama/data/note_examples.h"
#include "midillama/model/dtype.h"
#include "midillama/model/musicbert.h"
#include "midillama/octuple/vocabulary.h"
#include "midillama/runs/files.h"
#include "midillama/text/prompt.h"
#include "midillama/weights/load.h"
#include "midillama/weights/safetensors.h"
#include "train/masking.h"
#include "train/stages.h"

#include <ATen/Functions.h>

#include <fmt/format.h>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kFields = octuple::kFields;
constexpr const char* kHead = "head";

model::MusicBertConfig shape_of(const config::EncoderShape& shape) {
  model::MusicBertConfig config;
  config.hidden_size = shape.hidden_size;
  config.num_hidden_layers = shape.num_hidden_layers;
  config.num_attention_heads = shape.num_attention_heads;
  config.intermediate_size = shape.intermediate_size;
  config.max_position_embeddings = shape.max_position_embeddings + 2;
  config.dropout = shape.dropout;
  return config;
}

struct MaskedMusicBert : torch::nn::Module {
  explicit MaskedMusicBert(const model::MusicBertConfig& config) {
    encoder = register_module("encoder", model::MusicBert(config));
    head = register_module("head", model::MusicBertHead(config.hidden_size, config.vocab_size, config.layer_norm_eps));
  }

  // ids, labels: [batch, octuples, 8]. The sum of the cross-entropies where there is a label.
  torch::Tensor loss(const torch::Tensor& ids, const torch::Tensor& labels) {
    const auto chosen = labels != text::kIgnoreLabel;
    const auto features = encoder->upsample(encoder->forward(ids)).index({chosen});
    const auto logits = head->forward(features, encoder->embed_tokens->weight).to(torch::kFloat32);
    return at::cross_entropy_loss(logits, labels.index({chosen}), {}, at::Reduction::Sum);
  }

  model::MusicBert encoder{nullptr};
  model::MusicBertHead head{nullptr};
};

class EncoderStage final : public Stage {
 public:
  EncoderStage(const StageContext& context, const SplitQuestions& questions)
      : seed_(context.config.run.seed),
        mask_probability_(context.config.music_encoder.pretrain.mask_probability),
        dtype_(model::dtype_from_name(context.config.music_encoder.dtype)),
        device_(context.device),
        model_(shape_of(context.config.music_encoder.pretrain)) {
    // Every note is between <s> and </s>.
    const std::int64_t max_notes =
        std::min<std::int64_t>(octuple::kMaxNotes, context.config.music_encoder.pretrain.max_position_embeddings - 2);
    train_.emplace(questions.train.clips(), max_notes);
    if (questions.valid) valid_.emplace(questions.valid->clips(), max_notes);
    if (context.resume_from) {
      load(*context.resume_from);
    } else {
      model::initialize_weights(model_.encoder, seed_for(seed_, "encoder"));
      model::initialize_weights(model_.head, seed_for(seed_, "encoder head"));
    }
    model_.to(device_);
  }

  std::vector<std::string> essentials() const override { return {"music_encoder.pretrain.", "music_encoder.dtype"}; }

  torch::nn::Module& module() override { return model_; }

  std::int64_t size(Split split) const override { return split == Split::train ? train_->size() : valid_ ? valid_->size() : 0; }

  // Notes, and <s> and </s> around them.
  std::int64_t tokens(const Draw& draw) const override { return static_cast<std::int64_t>(windows(draw.split).at(draw.index).size()) + 2; }

  Example example(const Draw& draw) const override {
    Random random(seed_for(seed_, draw.split == Split::train ? "mask" : "validation mask", draw.number));
    auto masked = mask_bars(windows(draw.split).at(draw.index), mask_probability_, random);
    const std::int64_t targets = text::count_targets(masked.labels);
    return {windows(draw.split).name(draw.index), std::move(masked), tokens(draw), targets};
  }

  std::string data_fingerprint() const override { return train_->fingerprint(); }

  torch::Tensor loss(std::span<const Example> batch) override {
    std::vector<const std::vector<std::int64_t>*> ids, labels;
    for (const Example& example : batch) {
      const auto& masked = std::any_cast<const MaskedNotes&>(example.content);
      ids.push_back(&masked.input_ids);
      labels.push_back(&masked.labels);
    }
    const auto count = static_cast<std::int64_t>(batch.size());
    const MixedPrecision precision(dtype_, device_);
    return model_.loss(pad_rows(ids, octuple::kPadId, device_).view({count, -1, kFields}),
                       pad_rows(labels, text::kIgnoreLabel, device_).view({count, -1, kFields}));
  }

  void save(const fs::path& directory) override {
    model::save_musicbert(model_.encoder, directory);
    weights::TensorMap head;
    for (const auto& item : model_.head->named_parameters()) head[item.key()] = item.value().detach();
    fs::create_directory(directory / kHead);
    weights::write_safetensors(directory / kHead / "model.safetensors", head);
  }

  void finish(const fs::path& stage_dir) override {
    write_directory(stage_dir / runs::kModelFolder,
                    [this](const fs::path& directory) { model::save_musicbert(model_.encoder, directory); });
  }

  void check_finished(const fs::path& stage_dir) const override {
    model::load_musicbert(stage_dir / runs::kModelFolder, torch::kCPU, torch::kFloat32);
  }

 private:
  const data::NoteExamples& windows(Split split) const { return split == Split::train ? *train_ : *valid_; }

  void load(const fs::path& checkpoint) {
    const auto same_name = [](const std::string& name) { return std::optional(name); };
    weights::load_weights(*model_.encoder, weights::Checkpoint(checkpoint), same_name);
    weights::load_weights(*model_.head, weights::Checkpoint(checkpoint / kHead), same_name);
  }

  std::uint64_t seed_;
  double mask_probability_;
  torch::ScalarType dtype_;
  torch::Device device_;
  MaskedMusicBert model_;
  std::optional<data::NoteExamples> train_;
  std::optional<data::NoteExamples> valid_;
};

}  // namespace

std::unique_ptr<Stage> make_encoder_stage(const StageContext& context) {
  return std::make_unique<EncoderStage>(context, read_splits(context.config));
}

}  // namespace midillama::train
