// trainer_state.json: how far a run is. Every random number of a step (order of the examples, masking, dropout) is drawn from the run's
// seed and the step's numbers, so the random state is these numbers.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace midillama::runs {

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
  std::string data_dir;                // where the data lay; empty where an earlier version wrote the state
  Json essentials = Json::object();    // the configuration values that a resumed run must share
  Json fingerprints = Json::object();  // of the models that the stage started from, by the key of the configuration that names them

  void write(const std::filesystem::path& checkpoint) const;
  // InputError naming file and key.
  static TrainerState read(const std::filesystem::path& checkpoint);
};

// The values of a stage's resolved configuration that decide what it learns, by dotted key: the seed, those of `train` that do more than
// say how often to save or to validate, and every key that begins with one of `prefixes` (Stage::essentials).
Json essentials(const config::Config& config, const std::vector<std::string>& prefixes);

// InputError that lists every essential value of the configuration that was another one in the run which is to go on from the checkpoint:
// before a model of other shapes is made of it.
void require_same_settings(const TrainerState& saved, const config::Config& config, const std::filesystem::path& checkpoint);
// InputError that lists every other difference: of the stage, the models, the data and the number of steps.
void require_same_run(const TrainerState& saved, const TrainerState& now, const std::filesystem::path& checkpoint);

}  // namespace midillama::runs
