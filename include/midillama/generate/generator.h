// Completions of a list of prompts, in batches: the queue, filled at once.
#pragma once

#include "midillama/generate/request.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace midillama::generate {

struct SamplingOptions {
  std::int64_t max_new_tokens = 128;
  double temperature = 0.0;                         // as in Sampling
  double top_p = 1.0;                               //
  std::vector<std::int64_t> stop_ids = {};          //
  std::int64_t batch_size = 32;                     // rows of one forward pass; prompts of like length run together
  std::uint64_t seed = 1;                           // prompt i draws from stream first_stream + i,
  std::uint64_t first_stream = 0;                   // so its result depends neither on its batch nor on how prompts are dealt out to ranks
  std::optional<bool> fixed_shapes = std::nullopt;  // as in QueueOptions

  Sampling of_prompt(std::size_t index) const;
};

// Called with the number of finished prompts.
using OnProgress = std::function<void(std::size_t finished)>;

// One completion a prompt, in the order of the prompts. A prompt's result is the same in any batch (float32). Dropout is off whatever the
// model's mode. Error naming the prompt's length where a prompt leaves no room in the model's context; UsageError for options out of range.
std::vector<Completion> generate(model::MidiLlama& model, std::span<const model::MusicText> prompts, const SamplingOptions& options,
                                 const OnProgress& on_progress = nullptr);

}  // namespace midillama::generate
