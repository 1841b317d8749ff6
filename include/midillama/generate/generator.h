// Next tokens until a stop: greedy or sampled, batched with left padding, with a key-value cache.
#pragma once

#include "midillama/model/midi_llama.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace midillama::generate {

struct SamplingOptions {
  std::int64_t max_new_tokens = 128;
  double temperature = 0.0;  // 0: greedy
  double top_p = 1.0;        // nucleus: the smallest set of likeliest tokens whose probability reaches top_p
  std::vector<std::int64_t> stop_ids = {};
  std::int64_t batch_size = 32;    // rows of one forward pass; prompts of like length share a batch
  std::uint64_t seed = 1;          // of the draws; prompt i draws from its own stream, number first_stream + i,
  std::uint64_t first_stream = 0;  // so its result depends neither on its batch nor on how prompts are dealt out to ranks
  // Steps over the whole room for keys, so that each is the same launches as the one before: a CUDA graph. Unset: on a GPU.
  std::optional<bool> fixed_shapes = std::nullopt;
};

// Why a prompt's tokens end.
enum class Finish {
  stop,     // the model wrote a stop id
  length,   // max_new_tokens
  context,  // prompt and new tokens fill the model's context (max_position_embeddings)
};

struct Completion {
  std::vector<std::int64_t> token_ids = {};  // new tokens; a stop id is left out
  Finish finish = Finish::length;
};

// Called with the number of finished prompts.
using OnProgress = std::function<void(std::size_t finished)>;

// One completion a prompt, in the order of the prompts. A prompt's result is the same in any batch (float32). Dropout is off whatever the
// model's mode. Error naming the prompt's length where a prompt leaves no room in the model's context; UsageError for options out of range.
std::vector<Completion> generate(model::MidiLlama& model, std::span<const model::MusicText> prompts, const SamplingOptions& options,
                                 const OnProgress& on_progress = nullptr);

}  // namespace midillama::generate
