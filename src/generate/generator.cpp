#include "midillama/generate/generator.h"

#include "midillama/generate/queue.h"

#include <algorithm>
#include <numeric>

namespace midillama::generate {

Sampling SamplingOptions::of_prompt(std::size_t index) const {
  return {.max_new_tokens = max_new_tokens,
          .temperature = temperature,
          .top_p = top_p,
          .stop_ids = stop_ids,
          .seed = seed,
          .stream = first_stream + index};
}

std::vector<Completion> generate(model::MidiLlama& model, std::span<const model::MusicText> prompts, const SamplingOptions& options,
                                 const OnProgress& on_progress) {
  // Waiting until half of the batch is free keeps the passes over new prompts few.
  Queue queue(model, {.batch_size = options.batch_size,
                      .join_places = (options.batch_size + 1) / 2,
                      .fixed_shapes = options.fixed_shapes,
                      .tokenizer = nullptr});
  std::vector<std::size_t> order(prompts.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&](std::size_t i) {
    return static_cast<std::int64_t>(prompts[i].input_ids.size()) + model->music_tokens(prompts[i]);
  };
  std::ranges::stable_sort(order, {}, length);

  std::vector<Completion> completions(prompts.size());
  std::size_t finished = 0;
  for (const std::size_t i : order) {
    queue.add({.prompt = prompts[i], .sampling = options.of_prompt(i), .on_end = [&, i](std::size_t, const Completion& completion) {
                 completions[i] = completion;
                 ++finished;
               }});
  }
  for (bool goes_on = true; goes_on;) {
    const std::size_t before = finished;
    goes_on = queue.step();
    if (on_progress && finished > before) on_progress(finished);
  }
  return completions;
}

}  // namespace midillama::generate
