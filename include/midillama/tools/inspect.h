// What the model is trained on, example by example: what `midillama inspect` prints.
#pragma once

#include "midillama/config/schema.h"

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>

namespace midillama::tools {

struct InspectOptions {
  std::string split = "train";
  std::int64_t examples = 0;         // from the start of the split; 0: all
  bool loss = false;                 // needs the models' weights
  bool colour = false;               // for a terminal: the tokens themselves, coloured
  std::filesystem::path checkpoint;  // a checkpoint directory, for the loss: see runs::find_checkpoint()
};

// One JSON object a line for each example, in file order: {"id", "input_ids", "labels", "music_position", "music_tokens", "loss",
// "target_tokens"}. Labels are aligned with input_ids, -100 where no loss is taken. The loss is the mean cross-entropy of the example's
// target tokens in nats, null where it was not asked for. What was cut to fit prompt.max_length is counted and listed in the log.
//
// With `colour` each example is a heading and its tokens instead, in one colour each for what is masked (no loss), the target, and the
// music; a legend is above the first.
void inspect(const config::Config& config, const InspectOptions& options, torch::Device device, std::ostream& out);

}  // namespace midillama::tools
