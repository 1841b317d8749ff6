// log p(answer | clip, question) where only some of the clip's notes are pooled.
#pragma once

#include "exchange.h"
#include "midillama/model/midi_llama.h"

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace midillama::explain {

class AnswerProbability {
 public:
  AnswerProbability(model::MidiLlama model, Exchange exchange);

  std::int64_t notes() const { return exchange_.notes.vectors.size(0); }
  // kept: [n, notes] float32, 1 where a note is pooled, 0 where not. → n sums of the answer tokens' log-probabilities, in nats. A span of
  // which no note is kept is the zero vector. `on_progress` is called with the number of rows that are done.
  std::vector<double> of(const torch::Tensor& kept, const std::function<void(std::size_t)>& on_progress = nullptr);
  // Gradient × input of each note's part of the clip's vectors, all notes pooled: [notes].
  std::vector<double> note_gradients();
  // A note's part of the vector that it is pooled into: [notes].
  std::vector<double> shares() const;

 private:
  // kept [..., notes] → [..., K, notes]: row by row the weights of the kept notes' mean.
  torch::Tensor weights(const torch::Tensor& kept) const;
  // Minus the log-probabilities, a row for each of the clip's vectors [n, K, M].
  model::LossSum loss(const torch::Tensor& music);

  model::MidiLlama model_;
  Exchange exchange_;
};

// A double each.
std::vector<double> to_doubles(const torch::Tensor& values);

}  // namespace midillama::explain
