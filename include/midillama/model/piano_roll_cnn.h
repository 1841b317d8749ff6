// A convolutional network over piano rolls.
#pragma once

#include "midillama/model/classifier.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace midillama::model {

struct StandardisedHeadImpl;

// Blocks, one for each of `config.channels`: a convolution of 9 steps by 3 pitches that keeps the size, each of its channels standardised
// as it is over the training pieces before the first step (Salimans & Kingma 2016, section 3: a picture is nearly empty, so that otherwise
// all are nearly alike; and an example's numbers do not depend on its batch), ReLU, and the maximum of every 2 steps by 4 pitches. Then how
// every block's channels repeat in time (their autocorrelation: the beat spectrum of Foote & Uchihashi 2001), and the mean and the maximum
// of the last one's over time and pitch; standardised likewise, dropout, and a linear layer. Parameters: `blocks.<i>.weight`
// [out, in, 9, 3], `.bias` [out], `head.weight` [classes, 16 x all out + 2 x last out], `head.bias`; buffers `mean` and `scale` of each
// [out] and of `head`.
class PianoRollCnn final : public Classifier {
 public:
  PianoRollCnn(const config::Classify& config, std::int64_t input_channels, std::int64_t classes, std::uint64_t seed);
  ~PianoRollCnn() override;

  // [batch, channels, steps, pitches] → [batch, classes]
  torch::Tensor logits(const torch::Tensor& rolls) override;
  // Layer by layer, over some hundred of the inputs.
  void prepare(const InputOf& input_of, std::int64_t inputs) override;

 private:
  struct Block;

  // What the head gets; each block standardised before it is applied, where asked.
  torch::Tensor features(const torch::Tensor& rolls, bool standardise_blocks = false);

  std::vector<std::shared_ptr<Block>> blocks_;
  std::shared_ptr<StandardisedHeadImpl> head_;
  double dropout_;
};

}  // namespace midillama::model
