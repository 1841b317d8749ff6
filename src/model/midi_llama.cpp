#include "midillama/model/midi_llama.h"

#include "midillama/core/error.h"
#include "midillama/model/lora_targets.h"
#include "midillama/model/next_token_loss.h"
#include "midillama/model/to_device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace midillama::model {
namespace {

void freeze(torch::nn::Module& module) {
  for (torch::Tensor& parameter : module.parameters()) parameter.set_requires_grad(false);
}

void check(const MusicText& example, std::int64_t vocab_size) {
  const auto length = static_cast<std::int64_t>(example.input_ids.size());
  if (length == 0 && !example.music.defined()) throw Error("an example without tokens and without music cannot be run");
  if (!example.labels.empty() && example.labels.size() != example.input_ids.size()) {
    throw Error(fmt::format("an example has {} tokens but {} labels", example.input_ids.size(), example.labels.size()));
  }
  if (example.music_position < 0 || example.music_position > length) {
    throw Error(fmt::format("the music's position {} lies outside an example of {} tokens", example.music_position, length));
  }
  for (const std::int64_t id : example.input_ids) {
    if (id < 0 || id >= vocab_size) throw Error(fmt::format("the token id {} lies outside the model's vocabulary of {}", id, vocab_size));
  }
}

// Every label of a batch: where it is predicted, and what; and where the musical tokens are in the rows laid end to end.
struct Targets {
  std::vector<std::int64_t> predictors;  // where the token before the label is in the rows laid end to end
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> per_example;
  std::vector<std::int64_t> music_positions;
};

Targets collect_targets(const MidiLlamaImpl& model, std::span<const MusicText> batch) {
  const std::int64_t vocab_size = model.llama->config.vocab_size;
  Targets targets;
  std::int64_t row_begin = 0;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const MusicText& example = batch[row];
    const std::int64_t music_tokens = model.music_tokens(example);
    const std::size_t before = targets.ids.size();
    for (std::size_t i = 0; i < example.labels.size(); ++i) {
      const std::int64_t label = example.labels[i];
      const std::int64_t position =
          static_cast<std::int64_t>(i) + (static_cast<std::int64_t>(i) >= example.music_position ? music_tokens : 0);
      if (label == kNoLabel || position == 0) continue;
      if (label < 0 || label >= vocab_size)
        throw Error(fmt::format("the label {} lies outside the model's vocabulary of {}", label, vocab_size));
      targets.predictors.push_back(row_begin + position - 1);
      targets.ids.push_back(label);
      targets.rows.push_back(static_cast<std::int64_t>(row));
    }
    targets.per_example.push_back(static_cast<std::int64_t>(targets.ids.size() - before));
    for (std::int64_t i = 0; i < music_tokens; ++i) targets.music_positions.push_back(row_begin + example.music_position + i);
    row_begin += static_cast<std::int64_t>(example.input_ids.size()) + music_tokens;
  }
  return targets;
}

}  // namespace

MidiLlamaImpl::MidiLlamaImpl(Llama decoder, std::shared_ptr<Projector> new_projector) {
  llama = register_module("llama", std::move(decoder));
  freeze(*llama);
  if (!new_projector) return;
  projector = register_module("projector", std::move(new_projector));
  projector->to(llama->output_weight().device());
}

MidiLlamaImpl::MidiLlamaImpl(Llama decoder, std::int64_t music_size, std::uint64_t seed)
    : MidiLlamaImpl(decoder, make_projector({}, music_size, decoder->config.hidden_size, seed)) {}

void MidiLlamaImpl::add_lora(const config::Lora& settings, std::uint64_t seed) {
  if (lora) throw Error("the decoder has LoRA adapters already");
  add_adapters(*llama, settings, seed);
  lora = settings;
}

std::int64_t MidiLlamaImpl::music_tokens(const MusicText& example) const {
  return example.music.defined() && projector ? projector->tokens(example.music.size(0)) : 0;
}

torch::Tensor MidiLlamaImpl::project(std::span<const torch::Tensor> clips) {
  if (!projector) throw Error("music is given to a model without a projector");
  std::vector<std::int64_t> sizes;
  for (const torch::Tensor& clip : clips) sizes.push_back(clip.size(0));
  const torch::Tensor vectors = at::cat(at::TensorList(clips.data(), clips.size()));  // one transfer for all
  const auto on_device = to_device(vectors, llama->output_weight().device()).split_with_sizes(sizes);
  return projector->project(on_device).to(llama->output_weight().scalar_type());
}

std::vector<torch::Tensor> MidiLlamaImpl::splice(std::span<const MusicText> batch) {
  std::vector<std::int64_t> ids;  // one look-up and one projection for the whole batch
  std::vector<torch::Tensor> clips;
  for (const MusicText& example : batch) {
    check(example, llama->config.vocab_size);
    ids.insert(ids.end(), example.input_ids.begin(), example.input_ids.end());
    if (example.music.defined()) clips.push_back(example.music);
  }
  const torch::Tensor text = llama->embed(to_device(ids, llama->output_weight().device()));
  const torch::Tensor music = clips.empty() ? torch::Tensor() : project(clips);
  std::vector<torch::Tensor> rows;
  std::int64_t text_begin = 0, music_begin = 0;
  for (const MusicText& example : batch) {
    const auto length = static_cast<std::int64_t>(example.input_ids.size());
    const torch::Tensor words = text.narrow(0, text_begin, length);
    text_begin += length;
    if (!example.music.defined()) {
      rows.push_back(words);
      continue;
    }
    const torch::Tensor tokens = music.narrow(0, music_begin, music_tokens(example));
    music_begin += music_tokens(example);
    rows.push_back(at::cat(
        {words.narrow(0, 0, example.music_position), tokens, words.narrow(0, example.music_position, length - example.music_position)}));
  }
  return rows;
}

LossSum MidiLlamaImpl::loss(std::span<const MusicText> batch) {
  if (batch.empty()) throw Error("the loss of an empty batch is not defined");
  const std::vector<torch::Tensor> rows = splice(batch);
  const Targets targets = collect_targets(*this, batch);
  AttentionContext context;
  for (const torch::Tensor& row : rows) context.lengths.push_back(row.size(0));
  const torch::Device device = rows.front().device();
  context.outputs = to_device(targets.predictors, device);
  if (!llama->model->embed_tokens->weight.requires_grad()) context.gradient_rows = to_device(targets.music_positions, device);
  const torch::Tensor predicting = llama->forward(at::cat(rows).unsqueeze(0), context).squeeze(0);
  const TokenLosses losses = next_token_loss(predicting, llama->output_weight(), to_device(targets.ids, device));
  LossSum result;
  result.sum = losses.sum;
  result.per_example = torch::zeros({static_cast<std::int64_t>(batch.size())}, losses.per_token.options());
  result.per_example.index_add_(0, to_device(targets.rows, device), losses.per_token);
  result.target_tokens = static_cast<std::int64_t>(targets.ids.size());
  result.targets_per_example = targets.per_example;
  return result;
}

}  // namespace midillama::model
