#include "midillama/runs/trainer_state.h"

#include "midillama/config/flatten.h"
#include "midillama/runs/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace midillama::runs {
namespace {

// These change how a run goes on, not what it learns.
bool is_free(const std::string& key) {
  static const std::vector<std::string> keys = {
      "train.micro_batch_size", "train.micro_batch_tokens", "train.deterministic_reduction", "train.activation_checkpointing",
      "train.checkpoint_every", "train.keep_checkpoints",   "train.validate_every",          "train.validate_examples"};
  return std::ranges::find(keys, key) != keys.end();
}

// Why a run cannot go on from a checkpoint.
class Differences {
 public:
  void add(std::string what) { differences_.push_back(std::move(what)); }
  void compare(const std::string& what, const Json& before, const Json& after) {
    if (before != after) add(fmt::format("{} was {}, is {}", what, before.dump(), after.dump()));
  }
  void require_none(const std::filesystem::path& checkpoint) const {
    if (!differences_.empty())
      throw InputError(
          checkpoint.string(), "",
          fmt::format("this run cannot go on from here: {}; put it back, or start again with --overwrite", fmt::join(differences_, "; ")));
  }

 private:
  std::vector<std::string> differences_;
};

}  // namespace

void TrainerState::write(const std::filesystem::path& checkpoint) const {
  const OrderedJson json = {{"stage", stage},
                            {"step", step},
                            {"steps", steps},
                            {"epoch", epoch},
                            {"sampler_position", sampler_position},
                            {"random_states", {{"seed", seed}, {"step", step}, {"draws", draws}}},
                            {"world_size", world_size},
                            {"data_fingerprint", data_fingerprint},
                            {"data_dir", data_dir},
                            {"fingerprints", fingerprints},
                            {"config", essentials}};
  write_atomically(checkpoint / kStateFile, json.dump(2) + "\n");
}

TrainerState TrainerState::read(const std::filesystem::path& checkpoint) {
  const auto file = checkpoint / kStateFile;
  const Json json = read_json(file);
  const auto get = [&]<typename T>(const Json& object, const char* key, T& value) { value = json_get<T>(object, key, file.string(), ""); };
  TrainerState state;
  get(json, "stage", state.stage);
  get(json, "step", state.step);
  get(json, "steps", state.steps);
  get(json, "epoch", state.epoch);
  get(json, "sampler_position", state.sampler_position);
  get(json, "world_size", state.world_size);
  get(json, "data_fingerprint", state.data_fingerprint);
  get(json, "config", state.essentials);
  // An earlier version did not write these.
  if (json.contains("data_dir")) get(json, "data_dir", state.data_dir);
  if (json.contains("fingerprints")) get(json, "fingerprints", state.fingerprints);
  Json random;
  get(json, "random_states", random);
  get(random, "seed", state.seed);
  get(random, "draws", state.draws);
  return state;
}

Json essentials(const config::Config& config, const std::vector<std::string>& prefixes) {
  const auto starts = [](const std::string& key) { return [&key](const std::string& prefix) { return key.starts_with(prefix); }; };
  Json chosen = Json::object();
  const Json values = config::flatten(config);
  for (const auto& [key, value] : values.items()) {
    const bool essential = key == "run.seed" || key.starts_with("train.") || std::ranges::any_of(prefixes, starts(key));
    if (essential && !is_free(key)) chosen[key] = value;
  }
  return chosen;
}

void require_same_settings(const TrainerState& saved, const config::Config& config, const std::filesystem::path& checkpoint) {
  Differences differences;
  const Json values = config::flatten(config);
  for (const auto& [key, value] : saved.essentials.items()) {
    // Another version may not know the key.
    if (values.contains(key) && !is_free(key)) differences.compare(key, value, values.at(key));
  }
  differences.require_none(checkpoint);
}

void require_same_run(const TrainerState& saved, const TrainerState& now, const std::filesystem::path& checkpoint) {
  Differences differences;
  differences.compare("the stage", saved.stage, now.stage);
  for (const auto& [key, fingerprint] : now.fingerprints.items()) {
    if (saved.fingerprints.contains(key)) differences.compare("the fingerprint of " + key, saved.fingerprints.at(key), fingerprint);
  }
  if (saved.data_fingerprint != now.data_fingerprint) differences.add("the data changed");
  differences.compare("the number of steps", saved.steps, now.steps);
  differences.require_none(checkpoint);
}

}  // namespace midillama::runs
