// Device and threads of a command that does not train.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/parallel/process_group.h"

namespace midillama::cli {

inline torch::Device prepare_device(const config::Run& run) {
  parallel::set_threads(run.threads);
  return parallel::choose_device(run.device);
}

}  // namespace midillama::cli
