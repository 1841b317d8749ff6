#include "train/trainer_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <type_traits>

namespace midillama::train {
namespace {

constexpr const char* kFile = "trainer_state.json";

// Writes every field of a configuration under its dotted key.
struct Flatten {
  Json& out;
  std::string prefix;

  template <typename T>
  void operator()(const char* name, const T& value) const {
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    if constexpr (std::is_constructible_v<Json, const T&>) {
      out[key] = value;
    } else if constexpr (requires(Flatten flatten) { T::visit(value, flatten); }) {
      T::visit(value, Flatten{out, key});
    }
  }
};

const std::vector<std::string>& essential_prefixes(const std::string& stage) {
  static const std::vector<std::string> qa = {"run.seed",
                                              "train.",
                                              "llm.path",
                                              "llm.dtype",
                                              "prompt.",
                                              "projector.",
                                              "music_encoder.path",
                                              "music_encoder.pooling",
                                              "music_encoder.tokens",
                                              "music_encoder.hidden_states",
                                              "music_encoder.dtype"};
  static const std::map<std::string, std::vector<std::string>> prefixes = {
      {"pretrain-encoder", {"run.seed", "train.", "music_encoder.pretrain.", "music_encoder.dtype"}},
      {"pretrain-llm", {"run.seed", "train.", "llm.pretrain.", "llm.dtype", "prompt.template"}},
      {"align", qa},
      {"sft", [] {
         auto with_lora = qa;
         with_lora.push_back("lora.");
         return with_lora;
       }()}};
  return prefixes.at(stage);
}

// These change how a run goes on, not what it learns.
bool is_free(const std::string& key) {
  static const std::vector<std::string> keys = {
      "train.micro_batch_size", "train.micro_batch_tokens", "train.deterministic_reduction", "train.activation_checkpointing",
      "train.checkpoint_every", "train.keep_checkpoints",   "train.validate_every",          "train.validate_examples"};
  return std::ranges::find(keys, key) != keys.end();
}

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
                            {"config", essentials}};
  write_atomically(checkpoint / kFile, json.dump(2) + "\n");
}

TrainerState TrainerState::read(const std::filesystem::path& checkpoint) {
  const auto file = checkpoint / kFile;
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
  Json random;
  get(json, "random_states", random);
  get(random, "seed", state.seed);
  get(random, "draws", state.draws);
  return state;
}

Json essentials(const config::Config& config, const std::string& stage) {
  Json all = Json::object();
  config::Config::visit(config, Flatten{all, ""});
  const auto& prefixes = essential_prefixes(stage);
  Json chosen = Json::object();
  for (const auto& [key, value] : all.items()) {
    const bool essential = std::ranges::any_of(prefixes, [&key = key](const std::string& prefix) { return key.starts_with(prefix); });
    if (essential && !is_free(key)) chosen[key] = value;
  }
  return chosen;
}

void require_same_run(const TrainerState& saved, const TrainerState& now, const std::filesystem::path& checkpoint) {
  std::vector<std::string> differences;
  const auto compare = [&](const std::string& what, const Json& before, const Json& after) {
    if (before != after) differences.push_back(fmt::format("{} was {}, is {}", what, before.dump(), after.dump()));
  };
  compare("the stage", saved.stage, now.stage);
  // A key that the saved run did not know had, in effect, today's default.
  const Json defaults = essentials(config::Config{}, now.stage);
  for (const auto& [key, value] : now.essentials.items()) compare(key, saved.essentials.value(key, defaults.value(key, Json())), value);
  if (saved.data_fingerprint != now.data_fingerprint) differences.push_back("the data changed");
  compare("the number of steps", saved.steps, now.steps);
  if (differences.empty()) return;
  throw InputError(
      checkpoint.string(), "",
      fmt::format("this run cannot go on from here: {}; put it back, or start again with --overwrite", fmt::join(differences, "; ")));
}

}  // namespace midillama::train
