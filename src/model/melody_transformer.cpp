#include "midillama/model/melody_transformer.h"

#include "midillama/model/to_device.h"
#include "midillama/weights/load.h"
#include "midillama/weights/safetensors.h"
#include "random_weights.h"

#include <ATen/Functions.h>

#include <optional>
#include <vector>

namespace midillama::model {
namespace {

namespace fs = std::filesystem;

using melody::kTokenFields;
using melody::PairTokens;

constexpr double kFirstEvidenceWeight = 4;

LlamaConfig shape_of(const config::Melody& config, std::int64_t vocab_size) {
  LlamaConfig shape;
  shape.vocab_size = vocab_size;
  shape.hidden_size = config.hidden_size;
  shape.intermediate_size = (config.hidden_size * 8 / 3 + 7) / 8 * 8;
  shape.num_hidden_layers = config.num_hidden_layers;
  shape.num_attention_heads = config.num_attention_heads;
  shape.num_key_value_heads = config.num_attention_heads;
  shape.head_dim = config.hidden_size / config.num_attention_heads;
  shape.max_position_embeddings = config.max_length;
  shape.rope_theta = 10000;
  shape.tie_word_embeddings = true;
  return shape;
}

PairTokens without_first(const PairTokens& pair) {
  PairTokens alone{.ids = pair.ids, .first = 0, .second = pair.second};
  const auto begin = alone.ids.begin() + kTokenFields;
  alone.ids.erase(begin, begin + pair.first * kTokenFields);
  return alone;
}

// Of the rows that hidden_states() gives: of each pair those from its row `from` on, so many more than the second phrase has notes.
std::vector<std::int64_t> rows_of(std::span<const PairTokens> pairs, std::int64_t from, std::int64_t more) {
  std::vector<std::int64_t> rows;
  std::int64_t begin = 0;
  for (const PairTokens& pair : pairs) {
    for (std::int64_t i = 0; i < pair.second + more; ++i) rows.push_back(begin + from + i);
    begin += pair.second + 2;
  }
  return rows;
}

// The ids of a field of the second phrases' notes, as places in the field's range.
std::vector<std::int64_t> targets_of(std::span<const PairTokens> pairs, std::int64_t field, const melody::IdRange& range) {
  std::vector<std::int64_t> targets;
  for (const PairTokens& pair : pairs) {
    for (std::int64_t note = 0; note < pair.second; ++note)
      targets.push_back(pair.ids[static_cast<std::size_t>((pair.first + 2 + note) * kTokenFields + field)] - range.first);
  }
  return targets;
}

// The mean of each pair's values, which are laid end to end, so many more than its second phrase has notes: [values] → [pairs].
torch::Tensor mean_of_each(const torch::Tensor& values, std::span<const PairTokens> pairs, std::int64_t more) {
  const torch::Tensor shares = torch::zeros({static_cast<std::int64_t>(pairs.size()), values.size(0)});
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::int64_t count = pairs[i].second + more;
    shares[static_cast<std::int64_t>(i)].narrow(0, begin, count).fill_(1.0 / static_cast<double>(count));
    begin += count;
  }
  return at::mv(to_device(shares, values.device()), values);
}

}  // namespace

MelodyTransformerImpl::MelodyTransformerImpl(const config::Melody& config, const torch::TensorOptions& options)
    : vocabulary(config), dropout(config.dropout) {
  decoder = register_module("decoder", Llama(shape_of(config, vocabulary.size()), options));
  decision = register_module("decision", Linear(config.hidden_size, 1, true, options));
  evidence_weight = register_parameter("evidence_weight", torch::empty({}, options));
}

JudgedPairs MelodyTransformerImpl::forward(std::span<const PairTokens> pairs) {
  std::vector<PairTokens> alone;
  for (const PairTokens& pair : pairs) alone.push_back(without_first(pair));
  const torch::Tensor hidden = hidden_states(pairs);
  const torch::Tensor heard = hidden.index_select(0, to_device(rows_of(pairs, 1, 1), hidden.device()));
  const torch::Tensor votes = mean_of_each(decision->forward(heard).squeeze(-1), pairs, 1);
  const torch::Tensor losses_after = mean_of_each(note_losses(hidden, pairs), pairs, 0);
  const torch::Tensor losses_alone = mean_of_each(note_losses(hidden_states(alone), pairs), pairs, 0);
  return {.log_odds = votes + evidence_weight * (losses_alone - losses_after), .losses_after = losses_after, .losses_alone = losses_alone};
}

torch::Tensor MelodyTransformerImpl::hidden_states(std::span<const PairTokens> pairs) {
  const torch::Tensor& table = decoder->output_weight();
  std::vector<std::int64_t> ids, outputs;
  AttentionContext context;
  std::int64_t begin = 0;
  for (const PairTokens& pair : pairs) {
    ids.insert(ids.end(), pair.ids.begin(), pair.ids.end());
    for (std::int64_t i = pair.first + 1; i < pair.tokens(); ++i) outputs.push_back(begin + i);
    context.lengths.push_back(pair.tokens());
    begin += pair.tokens();
  }
  context.outputs = to_device(outputs, table.device());
  const torch::Tensor fields = decoder->embed(to_device(ids, table.device()).view({-1, kTokenFields}));
  const torch::Tensor tokens = at::dropout(fields.sum(1), dropout, is_training());
  return decoder->forward(tokens.unsqueeze(0), context).squeeze(0);
}

torch::Tensor MelodyTransformerImpl::note_losses(const torch::Tensor& hidden, std::span<const PairTokens> pairs) {
  const torch::Tensor before = hidden.index_select(0, to_device(rows_of(pairs, 0, 0), hidden.device()));
  const auto loss_of = [&](std::int64_t field, const melody::IdRange& range) {
    const torch::Tensor logits = at::linear(before, decoder->output_weight().narrow(0, range.first, range.count));
    return at::cross_entropy_loss(logits, to_device(targets_of(pairs, field, range), hidden.device()), {}, at::Reduction::None);
  };
  return loss_of(melody::kPitchField, vocabulary.pitches()) + loss_of(melody::kDurationField, vocabulary.durations());
}

void initialize_weights(MelodyTransformer& model, std::uint64_t seed) {
  initialize_weights(model->decoder, seed);
  for (const torch::Tensor& parameter : model->decision->parameters()) fill_constant(parameter, 0);
  fill_constant(model->evidence_weight, kFirstEvidenceWeight);
}

void save_melody_transformer(MelodyTransformer& model, const fs::path& directory) {
  weights::TensorMap tensors;
  for (const auto& item : model->named_parameters()) tensors[item.key()] = item.value().detach();
  weights::write_safetensors(directory / "model.safetensors", tensors);
}

void load_weights(MelodyTransformer& model, const fs::path& directory) {
  weights::load_weights(*model, weights::Checkpoint(directory), [](const std::string& name) { return std::optional(name); });
}

}  // namespace midillama::model
