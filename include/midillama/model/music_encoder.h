// Clips to clip embeddings: windows → MusicBERT → mean over the notes.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/musicbert.h"
#include "midillama/octuple/octuple.h"

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace midillama::model {

// The frozen encoder with its pooling.
class MusicEncoder {
 public:
  // Loads config.path. `config.tokens` = K vectors a clip: the clip is cut into K spans of equally many notes (sizes differing by at most
  // one, the longer ones first), each pooled on its own.
  MusicEncoder(const config::MusicEncoder& config, torch::Device device);

  std::int64_t hidden_size() const;
  std::int64_t tokens() const;

  // One clip's notes each; an empty clip is an Error. → [clips, K, hidden_size] float32 on the CPU. Clips are encoded in batches sorted by
  // length; a clip longer than a window is encoded window by window and pooled over all its notes (<s>, </s> and padding excluded).
  torch::Tensor encode(std::span<const std::vector<octuple::Octuple>> clips);

 private:
  config::MusicEncoder config_;
  torch::Device device_;
  MusicBert encoder_{nullptr};
};

}  // namespace midillama::model
