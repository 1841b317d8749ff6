// Clips' vectors, computed once: the encoder is frozen, so they never change.
#pragma once

#include "midillama/config/schema.h"

#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

namespace midillama::data {

class ClipEmbeddings {
 public:
  // Looks every clip up in the cache file (<run.dir>/cache/, keyed by the content of the clip, the encoder's weights, pooling, span count
  // and tokenizer version); what is missing is encoded in length-sorted batches and the cache written again. The encoder is loaded only
  // where a clip is missing. `clips` may repeat. A clip that cannot be read is an Error that names it; all such clips are listed together.
  ClipEmbeddings(const config::Config& config, std::span<const std::filesystem::path> clips, torch::Device device);

  // [K, M] float32 on the CPU, or [notes, M] where music_encoder.pooling is none. Error for a clip that was not among the constructor's.
  torch::Tensor at(const std::filesystem::path& clip) const;
  // One vector of the whole clip: its K vectors one after the other [K * M], or the mean [M] over its notes.
  torch::Tensor pooled(const std::filesystem::path& clip) const;
  // What all clips have in common: the mean over them of their [K, M], or of the means over their notes [1, M]. Each counts once.
  torch::Tensor mean() const;
  std::int64_t pooled_size() const { return std::max<std::int64_t>(tokens_, 1) * hidden_size_; }
  std::int64_t hidden_size() const { return hidden_size_; }  // M
  std::int64_t tokens() const { return tokens_; }            // K; 0 where there is a vector a note
  // The notes of all distinct clips together.
  std::int64_t notes() const { return notes_; }
  // Of the encoder and the content of the clips, in the order of their names: equal where every embedding is.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  std::map<std::filesystem::path, torch::Tensor> embeddings_;
  std::int64_t hidden_size_ = 0;
  std::int64_t tokens_ = 0;
  std::int64_t notes_ = 0;
  std::string fingerprint_;
};

}  // namespace midillama::data
