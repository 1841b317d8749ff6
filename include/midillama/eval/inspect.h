// What the model is trained on, example by example: what `midillama inspect` prints.
#pragma once

#include "midillama/config/schema.h"

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>

namespace midillama::eval {

struct InspectOptions {
  std::string split = "train";
  std::int64_t examples = 0;         // from the start of the split; 0: all
  bool loss = false;                 // needs the models' weights
  std::filesystem::path checkpoint;  // a checkpoint directory, for the loss: see train::find_checkpoint()
};

// One JSON object a line for each example, in file order: {"id", "input_ids", "labels", "music_position", "music_tokens", "loss",
// "target_tokens"}. Labels are aligned with input_ids, -100 where no loss is taken. The loss is the mean cross-entropy of the example's
// target tokens in nats, null where it was not asked for.
void inspect(const config::Config& config, const InspectOptions& options, torch::Device device, std::ostream& out);

}  // namespace midillama::eval
