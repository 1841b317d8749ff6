// Clip embeddings, computed once: the encoder is frozen, so a clip's pooled vectors never change.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "midillama/config/schema.h"

namespace midillama::data {

class ClipEmbeddings {
 public:
  // Looks every clip up in the cache file (`<run.dir>/cache/…`, keyed by the content of the clip, the encoder's weights, pooling, span count and tokenizer version); what is
  // missing is encoded in length-sorted batches and the cache written again. The encoder is loaded only where a clip is missing. `clips` may repeat.
  // A clip that cannot be read is an InputError that names it.
  ClipEmbeddings(const config::Config& config, std::span<const std::filesystem::path> clips, torch::Device device);

  // [K, M] float32 on the CPU.
  torch::Tensor at(const std::filesystem::path& clip) const;
  std::int64_t hidden_size() const;   // M
  std::int64_t tokens() const;        // K

 private:
  std::map<std::filesystem::path, torch::Tensor> embeddings_;
  std::int64_t hidden_size_ = 0;
  std::int64_t tokens_ = 0;
};

}  // namespace midillama::data
