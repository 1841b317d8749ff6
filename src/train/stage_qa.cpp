// align and sft: questions about clips; the projector trains, and in sft the decoder's adapters.
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/random.h"
#include "midillama/data/clip_embeddings.h"
#include "midillama/data/clip_notes.h"
#include "midillama/data/qa_examples.h"
#include "midillama/shapes/compatibility.h"
#include "midillama/shapes/parameters.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"
#include "midillama/train/checkpoint.h"
#include "train/stages.h"

#include <fmt/format.h>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

// The clips of both splits, encoded by the main rank and read from its cache by the others.
data::ClipEmbeddings embed(const StageContext& context, const SplitQuestions& questions) {
  auto clips = records::clips_of(questions.train);
  for (auto& clip : records::clips_of(questions.valid)) clips.push_back(std::move(clip));
  std::optional<data::ClipEmbeddings> embeddings;
  main_rank_first(context.group, [&] { embeddings.emplace(context.config, clips, context.device); });
  return std::move(*embeddings);
}

std::string fingerprint_splits(const config::Data& data) {
  std::string fingerprints;
  for (const auto& split : {data.train_split, data.valid_split}) {
    const auto file = records::split_file(data.dir, split);
    if (fs::exists(file)) fingerprints += fingerprint_file(file);
  }
  return fingerprints;
}

bool trains_by_name(const std::string& name, Trains trains) {
  return name.starts_with("projector.") || (trains == Trains::projector_and_lora && name.find(".lora_") != std::string::npos);
}

class QaStage final : public Stage {
 public:
  QaStage(const StageContext& context, Trains trains, SplitQuestions questions)
      : config_(context.config),
        tokenizer_(text::load_tokenizer(config_.llm.path)),
        prompt_(config_.prompt.template_text, *tokenizer_),
        max_length_(check_decoder()),
        embeddings_(embed(context, questions)),
        model_(model::load_llama(config_.llm.path, context.device, dtype_from_name(config_.llm.dtype)), embeddings_.hidden_size(),
               seed_for(config_.run.seed, "projector")) {
    load_weights(context, trains, questions.train);
    for (const auto& item : model_->named_parameters()) item.value().set_requires_grad(trains_by_name(item.key(), trains));
    model_->llama->recompute_layers = config_.train.activation_checkpointing;
    model_->to(context.device);
    train_.emplace(std::move(questions.train), embeddings_, prompt_, max_length_);
    if (!questions.valid.empty()) valid_.emplace(std::move(questions.valid), embeddings_, prompt_, max_length_);
  }

  torch::nn::Module& module() override { return *model_; }

  std::int64_t size(Split split) const override { return split == Split::train ? train_->size() : valid_ ? valid_->size() : 0; }

  std::int64_t tokens(const Draw& draw) const override { return examples(draw.split).tokens(draw.index); }

  std::int64_t work(const Draw& draw) const override {
    return examples(draw.split).tokens(draw.index) * met_weights_.per_token +
           examples(draw.split).targets(draw.index) * met_weights_.per_target;
  }

  Example example(const Draw& draw) const override {
    Example example{examples(draw.split).question(draw.index).id, examples(draw.split).at(draw.index)};
    example.tokens = tokens(draw);
    example.targets = examples(draw.split).targets(draw.index);
    return example;
  }

  std::string data_fingerprint() const override { return fingerprint(fingerprint_splits(config_.data) + embeddings_.fingerprint()); }

  torch::Tensor loss(std::span<const Example> batch) override {
    std::vector<model::MusicText> rows;
    for (const Example& example : batch) rows.push_back(example.row);
    return model_->loss(rows).sum;
  }

  void save(const fs::path& directory) override { model::save_trained(model_, directory, config_.llm.path); }

 private:
  const data::QaExamples& examples(Split split) const { return split == Split::train ? *train_ : *valid_; }

  // What can be wrong with the decoder is found before clips are encoded. Returns the longest example that it takes.
  std::int64_t check_decoder() const {
    const auto decoder = model::check_llama(config_.llm.path);
    shapes::require_tokenizer(config_.llm, decoder, *tokenizer_);
    shapes::require_trained_template(config_.llm, prompt_, decoder, *tokenizer_);
    return shapes::longest_example(config_.prompt, decoder);
  }

  void load_weights(const StageContext& context, Trains trains, std::span<const records::Question> training) {
    const auto source = starting_point(context, trains);
    const bool has_adapter = source && fs::exists(*source / model::kAdapterFolder);
    const auto add_lora = [&] { model_->add_lora(config_.lora, seed_for(config_.run.seed, "lora")); };
    // An adapter goes on with this run's dropout; its rank, alpha and targets must be this run's.
    if (trains == Trains::projector_and_lora && has_adapter) add_lora();
    if (source) {
      model::load_trained(model_, *source);
      model::load_whitening(model_->projector, *source);
    } else if (config_.projector.initialization == "whitened") {
      initialize_whitened(training);
    }
    if (trains == Trains::projector_and_lora && !has_adapter) add_lora();
  }

  void initialize_whitened(std::span<const records::Question> training) {
    std::vector<torch::Tensor> music;
    for (const auto& clip : records::clips_of(training)) music.push_back(embeddings_.at(clip));
    const double token_spread = model_->llama->model->embed_tokens->weight.to(torch::kFloat32).std().item<double>();
    model::initialize_whitened(*model_->projector, at::cat(music), token_spread, seed_for(config_.run.seed, "whitening"));
  }

  // The checkpoint whose projector (and adapter) training goes on from; none for a fresh projector.
  std::optional<fs::path> starting_point(const StageContext& context, Trains trains) const {
    if (context.resume_from) return context.resume_from;
    if (!context.init.empty()) return find_checkpoint(config_, context.init);
    if (trains == Trains::projector) return std::nullopt;
    if (const auto aligned = last_checkpoint(config_, "align")) return aligned;
    throw InputError(config_.run.dir, "",
                     "has no align checkpoint to start from: run `midillama train --stage align` first, or give --init");
  }

  config::Config config_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  text::PromptTemplate prompt_;
  std::int64_t max_length_;
  data::ClipEmbeddings embeddings_;
  model::MidiLlama model_;
  shapes::MetWeights met_weights_ = shapes::met_weights(model_->llama->config);
  std::optional<data::QaExamples> train_;
  std::optional<data::QaExamples> valid_;
};

}  // namespace

std::unique_ptr<Stage> make_qa_stage(const StageContext& context, Trains trains) {
  const auto& llm = context.config.llm.path;
  if (!fs::is_directory(llm)) {
    throw InputError(
        llm, "",
        "is no folder (llm.path): a Hugging Face Llama directory is needed; `midillama train --stage pretrain-llm` makes a small one");
  }
  return std::make_unique<QaStage>(context, trains, read_splits(context.config));
}

}  // namespace midillama::train
