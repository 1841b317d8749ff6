// trainer_state.json: where a run stands. Every random number of a step (order of the examples, masking, dropout) is drawn from the run's
// seed and the step's numbers, so the random state is these numbers.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace midillama::train {

struct TrainerState {
  std::string stage;
  std::int64_t step = 0;   // optimizer steps done
  std::int64_t steps = 0;  // of the whole run
  std::int64_t epoch = 0;
  std::int64_t sampler_position = 0;  // examples drawn in the epoch
  std::int64_t draws = 0;             // examples drawn in the whole run
  std::uint64_t seed = 0;
  int world_size = 1;
  std::string data_fingerprint;
  Json essentials = Json::object();  // the configuration values that a resumed run must share

  void write(const std::filesystem::path& checkpoint) const;
  // InputError naming file and key.
  static TrainerState read(const std::filesystem::path& checkpoint);
};

// The values of a stage's resolved configuration that decide what it learns, by dotted key. How often to save or to validate is not among
// them.
Json essentials(const config::Config& config, const std::string& stage);

// InputError that lists every difference between the checkpoint and the run which is to go on from it.
void require_same_run(const TrainerState& saved, const TrainerState& now, const std::filesystem::path& checkpoint);

}  // namespace midillama::train
