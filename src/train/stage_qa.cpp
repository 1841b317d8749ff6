// align and sft: questions about clips; the projector trains, and in sft the decoder's adapters.
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/core/random.h"
#include "midillama/data/clip_inputs.h"
#include "midillama/data/clip_notes.h"
#include "midillama/data/qa_examples.h"
#include "midillama/model/dtype.h"
#include "midillama/model/midi_llama.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trained_with.h"
#include "midillama/shapes/compatibility.h"
#include "midillama/shapes/parameters.h"
#include "midillama/shapes/prompt.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"
#include "train/contrastive_start.h"
#include "train/stages.h"

#include <fmt/format.h>

#include <map>
#include <vector>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

// The clips of both splits, encoded by the main rank and read from its cache by the others.
data::ClipInputs hear(const StageContext& context, const text::PromptTemplate& prompt, const SplitQuestions& questions) {
  auto clips = questions.train.clips();
  if (questions.valid) clips.insert(clips.end(), questions.valid->clips().begin(), questions.valid->clips().end());
  std::optional<data::ClipInputs> inputs;
  context.group.main_first([&] { inputs.emplace(context.config, prompt, clips, context.device); });
  return std::move(*inputs);
}

std::string fingerprint_splits(const config::Data& data) {
  std::string fingerprints;
  for (const auto& split : {data.train_split, data.valid_split}) {
    const auto file = records::split_file(data.dir, split);
    if (fs::exists(file)) fingerprints += fingerprint_file(file);
  }
  return fingerprints;
}

enum class Trains { projector, projector_and_lora };

bool trains_by_name(const std::string& name, Trains trains) {
  return name.starts_with("projector.") || (trains == Trains::projector_and_lora && name.find(".lora_") != std::string::npos);
}

class QaStage final : public Stage {
 public:
  QaStage(const StageContext& context, Trains trains, SplitQuestions questions)
      : config_(context.config),
        trains_(trains),
        tokenizer_(text::load_tokenizer(config_.llm.path)),
        prompt_(shapes::prompt_template(config_, *tokenizer_)),
        max_length_(check_decoder(context)),
        clips_(hear(context, prompt_, questions)),
        model_(load_model(context)) {
    if (context.group.is_main()) {
      fingerprints_["llm.path"] = runs::model_fingerprint(config_.llm.path);
      fingerprints_[runs::kTextFingerprint] = runs::text_fingerprint(config_.llm.path, config_.prompt.template_text);
      runs::warn_of_other_pieces(config_, context.init, records::pieces_fingerprint(config_.data.dir, config_.data.test_split));
      if (prompt_.has_music()) fingerprints_["music_encoder.path"] = runs::model_fingerprint(config_.music_encoder.path);
    }
    load_weights(context, trains, questions.train);
    for (const auto& item : model_->named_parameters()) item.value().set_requires_grad(trains_by_name(item.key(), trains));
    model_->llama->recompute_layers = config_.train.activation_checkpointing;
    model_->to(context.device);
    train_.emplace(std::move(questions.train), clips_, prompt_, max_length_, model_->projector.get());
    if (questions.valid) valid_.emplace(std::move(*questions.valid), clips_, prompt_, max_length_, model_->projector.get());
  }

  std::vector<std::string> essentials() const override {
    std::vector<std::string> keys = {"system", "llm.path", "llm.dtype", "llm.kind", "prompt.", "projector."};
    for (const char* key : {"path", "pooling", "tokens", "hidden_states", "dtype"}) keys.push_back(fmt::format("music_encoder.{}", key));
    if (trains_ == Trains::projector_and_lora) keys.emplace_back("lora.");
    return keys;
  }

  Json fingerprints() const override { return fingerprints_; }

  torch::nn::Module& module() override { return *model_; }

  std::int64_t size(Split split) const override { return split == Split::train ? train_->size() : valid_ ? valid_->size() : 0; }

  std::int64_t tokens(const Draw& draw) const override { return examples(draw.split).tokens(draw.index); }

  std::int64_t work(const Draw& draw) const override {
    return examples(draw.split).tokens(draw.index) * met_weights_.per_token +
           examples(draw.split).targets(draw.index) * met_weights_.per_target;
  }

  Example example(const Draw& draw) const override {
    const data::QaExamples& split = examples(draw.split);
    return {split.question(draw.index).id, split.at(draw.index), split.tokens(draw.index), split.targets(draw.index)};
  }

  std::string data_fingerprint() const override { return fingerprint(fingerprint_splits(config_.data) + clips_.fingerprint()); }

  std::unique_ptr<model::TeamScope> team_scope() override { return std::make_unique<model::TeamScope>(model_->llama->output_weight()); }

  torch::Tensor loss(std::span<const Example> batch) override {
    std::vector<model::MusicText> rows;
    for (const Example& example : batch) rows.push_back(std::any_cast<const model::MusicText&>(example.content));
    return model_->loss(rows).sum;
  }

  void save(const fs::path& directory) override { model::save_trained(model_, directory, config_.llm.path); }

 private:
  const data::QaExamples& examples(Split split) const { return split == Split::train ? *train_ : *valid_; }

  // What can be wrong with the decoder is found before clips are encoded. Returns the longest example that it takes.
  std::int64_t check_decoder(const StageContext& context) const {
    if (trains_ == Trains::projector && !prompt_.has_music()) {
      throw ConfigError({"prompt.template: has no {music}, so there is no projector for align to train: start with sft"});
    }
    if (trains_ == Trains::projector_and_lora && prompt_.has_music() && context.init.empty() && !context.resume_from) {
      throw InputError(config_.run.dir, "",
                       "has no align checkpoint to start from: run `midillama train --stage align` first, or give --init");
    }
    if (const std::string open = shapes::open_end(prompt_); !open.empty()) log::warning("{}", open);
    const auto decoder = model::check_llama(config_.llm.path);
    shapes::require_tokenizer(config_.llm, decoder, *tokenizer_);
    shapes::require_trained_template(config_.llm, prompt_, decoder, *tokenizer_);
    return shapes::longest_example(config_.prompt, decoder);
  }

  // Without a projector where the template has no {music}.
  model::MidiLlama load_model(const StageContext& context) const {
    const auto llama = model::load_llama(config_.llm.path, context.device, model::dtype_from_name(config_.llm.dtype));
    if (!prompt_.has_music()) return model::MidiLlama(llama, nullptr);
    return model::MidiLlama(llama, model::make_projector(config_.projector, clips_.embeddings()->hidden_size(), llama->config.hidden_size,
                                                         seed_for(config_.run.seed, "projector")));
  }

  void load_weights(const StageContext& context, Trains trains, const records::QuestionFile& training) {
    const fs::path source = context.resume_from.value_or(context.init);
    const bool has_adapter = !source.empty() && fs::exists(source / runs::kAdapterFolder);
    const auto add_lora = [&] { model_->add_lora(config_.lora, seed_for(config_.run.seed, "lora")); };
    // An adapter goes on with this run's dropout; its rank, alpha and targets must be this run's.
    if (trains == Trains::projector_and_lora && has_adapter) add_lora();
    if (!source.empty()) {
      model::load_trained(model_, source);
      if (model_->projector) model_->projector->load_to_train(source);
    } else if (model_->projector && config_.projector.initialization != "linear") {
      initialize_projector(training);
    }
    if (trains == Trains::projector_and_lora && !has_adapter) add_lora();
  }

  void initialize_projector(const records::QuestionFile& training) {
    std::vector<torch::Tensor> music;
    for (const auto& clip : training.clips()) music.push_back(clips_.music(clip));
    const double token_spread = model_->llama->model->embed_tokens->weight.to(torch::kFloat32).std().item<double>();
    const std::uint64_t seed = seed_for(config_.run.seed, "whitening");
    if (config_.projector.initialization == "answers") {
      const torch::Tensor means = answer_means(training);
      std::vector<torch::Tensor> targets;  // of each vector
      for (std::size_t i = 0; i < music.size(); ++i) targets.push_back(means[static_cast<std::int64_t>(i)].expand({music[i].size(0), -1}));
      model_->projector->start_regressed(at::cat(music), at::cat(targets), token_spread);
    } else if (config_.projector.initialization == "contrastive") {
      const ContrastiveReport report =
          start_contrastive(*model_->projector, music, answer_means(training), token_spread, config_.projector.contrastive, seed);
      log::info(
          "the projector tells {} clips apart by their answers: loss {:.3f} -> {:.3f}, the nearest is its own for {:.3f} -> {:.3f} of them",
          report.batch_size, report.first_loss, report.last_loss, report.first_accuracy, report.last_accuracy);
    } else {
      model_->projector->start_whitened(music, token_spread, seed);
    }
  }

  // For each clip, the mean embedding of the tokens of the answers about it that state facts, [clips, T] float32.
  torch::Tensor answer_means(const records::QuestionFile& training) const {
    std::map<fs::path, std::vector<text::TokenId>> said;
    for (std::size_t i = 0; i < training.size(); ++i) {
      const auto question = training.at(i);
      auto& ids = said[question.clip];
      if (!question.yes_if.empty()) continue;
      const auto answer = tokenizer_->encode(question.answer);
      ids.insert(ids.end(), answer.begin(), answer.end());
    }
    const torch::Tensor& embeddings = model_->llama->model->embed_tokens->weight;
    std::vector<torch::Tensor> means;
    for (const auto& clip : training.clips()) {
      const torch::Tensor ids = torch::tensor(said.at(clip), torch::kInt64).to(embeddings.device());
      means.push_back(ids.numel() > 0 ? embeddings.index_select(0, ids).to(torch::kFloat32).mean(0)
                                      : torch::zeros({embeddings.size(1)}, embeddings.options().dtype(torch::kFloat32)));
    }
    return at::stack(means);
  }

  config::Config config_;
  Trains trains_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  text::PromptTemplate prompt_;
  std::int64_t max_length_;
  data::ClipInputs clips_;
  model::MidiLlama model_;
  shapes::MetWeights met_weights_ = shapes::met_weights(model_->llama->config);
  Json fingerprints_ = Json::object();
  std::optional<data::QaExamples> train_;
  std::optional<data::QaExamples> valid_;
};

std::unique_ptr<Stage> make_stage(const StageContext& context, Trains trains) {
  const auto& llm = context.config.llm.path;
  if (!fs::is_directory(llm)) {
    throw InputError(
        llm, "",
        "is no folder (llm.path): a Hugging Face Llama directory is needed; `midillama train --stage pretrain-llm` makes a small one");
  }
  return std::make_unique<QaStage>(context, trains, read_splits(context.config));
}

}  // namespace

std::unique_ptr<Stage> make_align_stage(const StageContext& context) {
  return make_stage(context, Trains::projector);
}

std::unique_ptr<Stage> make_sft_stage(const StageContext& context) {
  return make_stage(context, Trains::projector_and_lora);
}

}  // namespace midillama::train
