// pretrain-llm: a small decoder and its tokenizer learn the language of the questions and answers, without music.
#include "midillama/core/directory.h"
#include "midillama/core/random.h"
#include "midillama/data/text_rows.h"
#include "midillama/model/dtype.h"
#include "midillama/model/llama.h"
#include "midillama/model/next_token_loss.h"
#include "midillama/model/to_device.h"
#include "midillama/runs/files.h"
#include "midillama/shapes/prompt.h"
#include "midillama/text/tokenizer.h"
#include "train/stages.h"

#include <fmt/format.h>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

using Ids = std::vector<std::int64_t>;

model::LlamaConfig shape_of(const config::LlmShape& shape, const text::Tokenizer& tokenizer) {
  model::LlamaConfig config;
  config.vocab_size = tokenizer.vocab_size();
  config.hidden_size = shape.hidden_size;
  config.intermediate_size = shape.intermediate_size;
  config.num_hidden_layers = shape.num_hidden_layers;
  config.num_attention_heads = shape.num_attention_heads;
  config.num_key_value_heads = shape.num_key_value_heads;
  config.head_dim = shape.hidden_size / shape.num_attention_heads;
  config.max_position_embeddings = shape.max_position_embeddings;
  config.rope_theta = shape.rope_theta;
  config.tie_word_embeddings = shape.tie_word_embeddings;
  config.bos_token_id = tokenizer.bos_id();
  if (const auto eos = tokenizer.eos_id()) config.eos_token_ids = {*eos};
  return config;
}

// The tokenizer of the run: a resumed one's own, else one trained by the main rank on the training split.
fs::path tokenizer_file(const StageContext& context, const records::QuestionFile& questions) {
  if (context.resume_from) return *context.resume_from / runs::kSentencepieceFile;
  const fs::path file = context.directory / runs::kSentencepieceFile;
  if (context.group.is_main()) text::train_sentencepiece(data::tokenizer_texts(questions), context.config.llm.pretrain.vocab_size, file);
  context.group.barrier();
  return file;
}

class LlmStage final : public Stage {
 public:
  LlmStage(const StageContext& context, const SplitQuestions& questions)
      : device_(context.device),
        dtype_(model::dtype_from_name(context.config.llm.dtype)),
        tokenizer_(load_tokenizer(tokenizer_file(context, questions.train))) {
    const auto& config = context.config;
    const auto prompt = shapes::prompt_template(config, *tokenizer_);
    const auto rows_of = [&](const records::QuestionFile& split) {
      return data::TextRows(split, prompt, *tokenizer_, config.run.seed, config.llm.pretrain.sequence_length);
    };
    train_.emplace(rows_of(questions.train));
    if (questions.valid) valid_.emplace(rows_of(*questions.valid));
    if (context.resume_from) {
      llama_ = model::load_llama(*context.resume_from, device_, torch::kFloat32);
    } else {
      // Made where it stays: weights that are moved no longer lie together, and linears() copies them together in every step.
      llama_ = model::Llama(shape_of(config.llm.pretrain, *tokenizer_), torch::TensorOptions(torch::kFloat32).device(device_));
      model::initialize_weights(llama_, seed_for(config.run.seed, "llm"));
    }
    for (const auto& parameter : llama_->parameters()) parameter.set_requires_grad(true);
    llama_->recompute_layers = config.train.activation_checkpointing;
  }

  std::vector<std::string> essentials() const override { return {"llm.pretrain.", "llm.dtype", "prompt.template", "prompt.system"}; }

  torch::nn::Module& module() override { return *llama_; }

  std::int64_t size(Split split) const override { return split == Split::train ? train_->size() : valid_ ? valid_->size() : 0; }

  std::int64_t tokens(const Draw& draw) const override { return static_cast<std::int64_t>(rows(draw.split).at(draw.index).size()); }

  // Every token is to be found but the first.
  Example example(const Draw& draw) const override {
    const Ids& row = rows(draw.split).at(draw.index);
    return {fmt::format("{} row {}", draw.split == Split::train ? "train" : "valid", draw.index), row, tokens(draw), tokens(draw) - 1};
  }

  std::string data_fingerprint() const override { return train_->fingerprint(); }

  std::unique_ptr<model::TeamScope> team_scope() override { return std::make_unique<model::TeamScope>(llama_->output_weight()); }

  torch::Tensor loss(std::span<const Example> batch) override {
    std::vector<std::int64_t> inputs, targets;
    model::AttentionContext rows;
    for (const Example& example : batch) {
      const auto& ids = std::any_cast<const Ids&>(example.content);
      inputs.insert(inputs.end(), ids.begin(), ids.end() - 1);
      targets.insert(targets.end(), ids.begin() + 1, ids.end());
      rows.lengths.push_back(static_cast<std::int64_t>(ids.size()) - 1);
    }
    const MixedPrecision precision(dtype_, device_);
    const auto& weight = llama_->output_weight();
    const auto hidden = llama_->forward(llama_->embed(model::to_device(inputs, device_)).unsqueeze(0), rows).squeeze(0);
    return model::next_token_loss(hidden.to(weight.scalar_type()), weight, model::to_device(targets, device_)).sum;
  }

  // A model directory, so that a checkpoint can be used as it is.
  void save(const fs::path& directory) override {
    model::save_llama(llama_, directory);
    write_atomically(directory / runs::kSentencepieceFile, tokenizer_bytes_);
  }

  void finish(const fs::path& stage_dir) override {
    write_directory(stage_dir / runs::kModelFolder, [this](const fs::path& directory) { save(directory); });
  }

  void check_finished(const fs::path& stage_dir) const override {
    model::load_llama(stage_dir / runs::kModelFolder, torch::kCPU, torch::kFloat32);
    text::load_tokenizer(stage_dir / runs::kModelFolder);
  }

 private:
  // Its bytes go into every checkpoint; the file that they come from may be gone by then.
  std::unique_ptr<text::Tokenizer> load_tokenizer(const fs::path& file) {
    const auto bytes = read_bytes(file);
    tokenizer_bytes_.assign(bytes.begin(), bytes.end());
    return text::load_tokenizer(file);
  }

  const data::TextRows& rows(Split split) const { return split == Split::train ? *train_ : *valid_; }

  torch::Device device_;
  torch::ScalarType dtype_;
  std::string tokenizer_bytes_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::optional<data::TextRows> train_;
  std::optional<data::TextRows> valid_;
  model::Llama llama_{nullptr};
};

}  // namespace

std::unique_ptr<Stage> make_llm_stage(const StageContext& context) {
  return std::make_unique<LlmStage>(context, read_splits(context.config));
}

}  // namespace midillama::train
