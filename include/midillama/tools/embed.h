// Clip embeddings of any MIDI files: what `midillama embed` does.
#pragma once

#include "midillama/config/schema.h"

#include <torch/types.h>

#include <cstddef>
#include <filesystem>
#include <span>

namespace midillama::tools {

struct Embedded {
  std::size_t files = 0;    // written
  std::size_t skipped = 0;  // could not be read, or have no notes
};

// Writes the safetensors file `out`: tensor `embeddings` [n, M] float32 ([n, K, M] for K > 1 musical tokens; where music_encoder.pooling is
// none [notes of all files, M], one file after the other, and `notes` [n] int64), and in the metadata under
// `files` the n file names as a JSON list. A file that cannot be read is logged and skipped; Error where none is left, UsageError where
// `out` is one of them.
Embedded embed(const config::Config& config, std::span<const std::filesystem::path> files, const std::filesystem::path& out,
               torch::Device device);

}  // namespace midillama::tools
