#include "answer_probability.h"

#include "midillama/model/team_scope.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <utility>

namespace midillama::explain {
namespace {

// Of one pass over several rows.
constexpr std::int64_t kTokensAtOnce = 2048;

}  // namespace

AnswerProbability::AnswerProbability(model::MidiLlama model, Exchange exchange)
    : model_(std::move(model)), exchange_(std::move(exchange)) {}

std::vector<double> AnswerProbability::of(const torch::Tensor& kept, const std::function<void(std::size_t)>& on_progress) {
  const torch::NoGradGuard no_grad;
  const model::TeamScope team(model_->llama->output_weight());
  const std::int64_t length = std::ssize(exchange_.text.input_ids) + exchange_.notes.spans.size(0);
  const std::int64_t rows_at_once = std::max<std::int64_t>(1, kTokensAtOnce / length);
  std::vector<double> values;
  for (const torch::Tensor& rows : kept.split(rows_at_once)) {
    const auto some = to_doubles(loss(weights(rows).matmul(exchange_.notes.vectors)).per_example.neg());
    values.insert(values.end(), some.begin(), some.end());
    if (on_progress) on_progress(values.size());
  }
  return values;
}

std::vector<double> AnswerProbability::note_gradients() {
  const at::AutoGradMode with_gradients(true);
  const torch::Tensor& output_weight = model_->llama->output_weight();
  const model::TeamScope team(output_weight);
  const torch::Tensor weights = this->weights(torch::ones({notes()}));
  const torch::Tensor music = weights.matmul(exchange_.notes.vectors).to(output_weight.device()).requires_grad_();
  // Of the music alone: the parameters' gradients are left as they are.
  const torch::Tensor gradient = torch::autograd::grad({loss(music.unsqueeze(0)).sum.neg()}, {music}).at(0).cpu();
  return to_doubles(weights.t().matmul(gradient).mul(exchange_.notes.vectors).sum(1));
}

std::vector<double> AnswerProbability::shares() const {
  return to_doubles(weights(torch::ones({notes()}, torch::kFloat64)).sum(0));
}

torch::Tensor AnswerProbability::weights(const torch::Tensor& kept) const {
  const torch::Tensor members = exchange_.notes.spans * kept.unsqueeze(-2);
  return members / members.sum(-1, /*keepdim=*/true).clamp_min(1);
}

model::LossSum AnswerProbability::loss(const torch::Tensor& music) {
  std::vector<model::MusicText> batch(static_cast<std::size_t>(music.size(0)), exchange_.text);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].music = music[static_cast<std::int64_t>(i)];
  return model_->loss(batch);
}

std::vector<double> to_doubles(const torch::Tensor& values) {
  const torch::Tensor doubles = values.to(torch::kCPU, torch::kFloat64).contiguous();
  const auto* data = doubles.const_data_ptr<double>();
  return {data, data + doubles.numel()};
}

}  // namespace midillama::explain
