#include "midillama/generate/generator.h"

#include "generate/batch_decoder.h"
#include "midillama/core/error.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace midillama::generate {
namespace {

// Eval mode for a while.
class EvalMode {
 public:
  explicit EvalMode(model::MidiLlama& model) : model_(model), was_training_(model->is_training()) { model_->eval(); }
  ~EvalMode() { model_->train(was_training_); }
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  model::MidiLlama& model_;
  bool was_training_;
};

void check(const SamplingOptions& options) {
  if (options.max_new_tokens < 1) throw UsageError(fmt::format("max_new_tokens is {}; it must be at least 1", options.max_new_tokens));
  if (options.batch_size < 1) throw UsageError(fmt::format("the batch size is {}; it must be at least 1", options.batch_size));
  if (!(options.temperature >= 0)) throw UsageError(fmt::format("the temperature is {}; it must be at least 0", options.temperature));
  if (!(options.top_p > 0 && options.top_p <= 1)) throw UsageError(fmt::format("top_p is {}; it must be in (0, 1]", options.top_p));
}

std::int64_t length_of(const model::MusicText& prompt) {
  return static_cast<std::int64_t>(prompt.input_ids.size()) + (prompt.music.defined() ? prompt.music.size(0) : 0);
}

Row plan(const model::MusicText& prompt, std::size_t index, std::int64_t context, const SamplingOptions& options) {
  const auto length = length_of(prompt);
  if (length == 0) throw Error("the prompt is empty: there is nothing to continue");
  if (length >= context) {
    throw Error(fmt::format("the prompt has {} tokens and leaves no room for an answer in the model's context of {}", length, context));
  }
  const auto room = context - length;
  return {.prompt = index,
          .length = length,
          .budget = std::min(options.max_new_tokens, room),
          .at_budget = room < options.max_new_tokens ? Finish::context : Finish::length,
          .random = Random(seed_for(options.seed, "generate", options.first_stream + index))};
}

}  // namespace

std::vector<Completion> generate(model::MidiLlama& model, std::span<const model::MusicText> prompts, const SamplingOptions& options,
                                 const OnProgress& on_progress) {
  check(options);
  std::vector<Row> rows;
  for (const auto& prompt : prompts) rows.push_back(plan(prompt, rows.size(), model->llama->config.max_position_embeddings, options));
  std::ranges::stable_sort(rows, {}, &Row::length);

  const torch::NoGradGuard no_grad;
  const EvalMode eval_mode(model);
  std::vector<Completion> completions(prompts.size());
  for (std::size_t begin = 0; begin < rows.size(); begin += static_cast<std::size_t>(options.batch_size)) {
    const auto end = std::min(rows.size(), begin + static_cast<std::size_t>(options.batch_size));
    std::vector<model::MusicText> texts;
    for (std::size_t i = begin; i < end; ++i) texts.push_back(prompts[rows[i].prompt]);
    BatchDecoder(model, options, completions)
        .run(texts, {rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.begin() + static_cast<std::ptrdiff_t>(end)});
    if (on_progress) on_progress(end);
  }
  return completions;
}

}  // namespace midillama::generate
