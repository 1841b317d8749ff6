// The file that keeps clips' vectors: `embeddings` [n, K, M] float32, or where music_encoder.pooling is none `states` [notes of all clips,
// M] float32, one clip after the other; and `notes` [n] int64. The metadata name the encoder, the clips and the content.
#pragma once

#include "midillama/config/schema.h"

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace midillama::data {

struct CachedClip {
  torch::Tensor embedding;  // [K, M] float32, or [notes, M]
  std::int64_t notes = 0;
};

// By the fingerprint of the clip's bytes.
using CachedClips = std::map<std::string, CachedClip>;

// Fingerprint of everything but the clip that an embedding depends on: weights and shape of the encoder, pooling, span count, and the
// version of the notes' encoding.
std::string encoder_key(const config::MusicEncoder& config);

// <run.dir>/cache/clip-embeddings-KEY.safetensors
std::filesystem::path cache_file(const config::Config& config, const std::string& key);

// What the file holds; nothing where there is none, or where it is damaged or of another encoder (with a warning: its clips are encoded
// again).
CachedClips read_cache(const std::filesystem::path& file, const std::string& key);
void write_cache(const std::filesystem::path& file, const std::string& key, const CachedClips& clips, bool are_pooled = true);

}  // namespace midillama::data
