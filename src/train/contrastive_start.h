// A projector that tells clips apart by what is known of them, before a language model hears it: projector.initialization contrastive.
//
// In a batch of clips the musical tokens of each (their mean over the tokens) are to lie nearer to the text about it than to the texts
// about the others, and the other way round: symmetric InfoNCE as in CLIP (Radford et al. 2021), on cosine similarities divided by a fixed
// temperature. Texts are the language model's own embeddings, so what is learnt is where its words for the music lie. Clips with the same
// text are not told apart.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/projector.h"

#include <torch/types.h>

#include <cstdint>
#include <span>

namespace midillama::train {

struct Contrast {
  torch::Tensor loss;     // [] with gradient
  double accuracy = 0.0;  // of the clips whose nearest text is their own
};

// `music` and `texts` [batch, T] float32; `groups` [batch] int64, equal where texts are.
Contrast contrast(const torch::Tensor& music, const torch::Tensor& texts, const torch::Tensor& groups, double temperature);

struct ContrastiveReport {
  double first_loss = 0.0, last_loss = 0.0;
  double first_accuracy = 0.0, last_accuracy = 0.0;
  std::int64_t batch_size = 0;
};

// Trains the projector, from its whitened start, with AdamW (linear warm-up, then cosine to 0) on `clips` [n, M] each and `texts` [clips,
// T], which are centred over the set. Afterwards the tokens lie around the texts' mean with standard deviation `scale`. Everything is a
// function of the arguments: every rank comes to the same bits.
ContrastiveReport start_contrastive(model::Projector& projector, std::span<const torch::Tensor> clips, const torch::Tensor& texts,
                                    double scale, const config::ContrastiveStart& config, std::uint64_t seed);

}  // namespace midillama::train
