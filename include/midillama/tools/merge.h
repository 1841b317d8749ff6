// An adapter folded into the decoder that it was trained on.
#pragma once

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace midillama::tools {

struct Merged {
  std::size_t tensors = 0;  // written
  std::size_t merged = 0;   // with an adapter's product added
};

// Writes the Hugging Face directory `directory`: the decoder of `llm` with W + (alpha / rank) · B A in place of every W that the PEFT
// adapter `adapter` has, computed in float32 and cast once to W's dtype; the same shards, the other tensors as they are, configuration and
// tokenizer files copied. One tensor is in memory at a time. InputError where `directory` holds anything, or the adapter does not belong to
// the decoder; nothing is written then.
Merged merge_adapter(const std::filesystem::path& llm, const std::filesystem::path& adapter, const std::filesystem::path& directory);

struct LogitDifference {
  double largest = 0;  // of absolute values, over all tokens and the whole vocabulary
  double mean = 0;
};

// How far the logits of the merged decoder are from those of decoder and adapter, on a text of `ids`, with weights in `dtype`. One model is
// in memory at a time.
LogitDifference compare_merged(const std::filesystem::path& llm, const std::filesystem::path& adapter, const std::filesystem::path& merged,
                               const std::vector<std::int64_t>& ids, torch::Device device, torch::ScalarType dtype);

}  // namespace midillama::tools
