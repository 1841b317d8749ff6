// The side of the commands that knows LibTorch: option structs in, calls of the rooms out.
#include "cli/torch_commands.h"

#include <fmt/format.h>

#include <chrono>
#include <iostream>

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/log.h"
#include "midillama/eval/embed.h"
#include "midillama/eval/evaluate.h"
#include "midillama/eval/inspect.h"
#include "midillama/eval/scoring.h"
#include "midillama/generate/session.h"
#include "midillama/model/music_encoder.h"
#include "midillama/train/checkpoint.h"
#include "midillama/train/trainer.h"

namespace midillama::cli {
namespace {

void train(const config::Config& config, const TrainCommand& command) {
  train::train(config, {command.stage, command.resume, command.overwrite, command.init});
}

}  // namespace
}  // namespace midillama::cli
