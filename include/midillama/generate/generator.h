// Next tokens until a stop: greedy or sampled, batched with left padding, with a key-value cache.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "midillama/model/midi_llama.h"

namespace midillama::generate {

struct SamplingOptions {
  std::int64_t max_new_tokens = 128;
  double temperature = 0.0;  // 0: greedy
  double top_p = 1.0;        // nucleus: the smallest set of likeliest tokens whose probability reaches top_p
  std::vector<std::int64_t> stop_ids;
  std::uint64_t seed = 1;    // of the draws; each prompt has its own stream, so its result does not depend on the batch it is in
};

// The new tokens of every prompt, stop token excluded. A prompt's result is the same in any batch (float32).
std::vector<std::vector<std::int64_t>> generate(model::MidiLlama& model, std::span<const model::MusicText> prompts, const SamplingOptions& options);

}  // namespace midillama::generate
