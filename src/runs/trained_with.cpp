#include "midillama/runs/trained_with.h"

#include "midillama/config/flatten.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trainer_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

namespace midillama::runs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDataDir = "data.dir";
// Named by a path, known by content.
constexpr const char* kModels[] = {"llm.path", "music_encoder.path"};
// Another value is somebody's good right; every other one gives another function.
constexpr const char* kFree[] = {"llm.dtype",    "llm.kind", "music_encoder.dtype", "prompt.max_length", "projector.initialization",
                                 "lora.dropout", kDataDir};

template <std::size_t n>
bool is_among(const char* const (&keys)[n], const std::string& key) {
  return std::ranges::find(keys, key) != std::end(keys);
}

// What the checkpoint says of the model that it belongs to, by key: how it was trained is not among it.
std::map<std::string, Json> recorded(const TrainerState& state) {
  std::map<std::string, Json> values;
  if (!state.data_dir.empty()) values[kDataDir] = state.data_dir;
  for (const auto& [key, value] : state.essentials.items()) {
    const bool of_training = key.starts_with("run.") || key.starts_with("train.") || key.find(".pretrain.") != std::string::npos;
    if (!of_training) values[key] = value;
  }
  return values;
}

Json sorted(Json value) {
  if (value.is_array()) std::sort(value.begin(), value.end());
  return value;
}

bool same_path(const std::string& one, const std::string& other) {
  return fs::weakly_canonical(one) == fs::weakly_canonical(other);
}

std::string fingerprint_files(const std::vector<fs::path>& files) {
  std::string parts;
  for (const fs::path& file : files) parts += fmt::format("{} {}\n", file.filename().string(), fingerprint_file(file));
  return fingerprint(parts);
}

// What speaks against reading and writing text as the model at `path` does; empty where nothing does.
std::string objection_to_text(const std::string& path, const TrainerState& state) {
  const Json was = state.fingerprints.value(kTextFingerprint, Json());
  if (!was.is_string()) return "";
  const std::string prompt_template = state.essentials.value("prompt.template", std::string());
  const std::string now = text_fingerprint(path, prompt_template);
  if (was == now) return "";
  return fmt::format("with another tokenizer{} than llm.path {} holds: the fingerprint was {}, is {}",
                     prompt_template == "chat" ? " or chat template" : "", path, was.get<std::string>(), now);
}

// What speaks against using the model at `path`; empty where nothing does.
std::string objection(const std::string& key, const std::string& path, const TrainerState& state, const fs::path& checkpoint) {
  const auto trained_path = state.essentials.value(key, std::string());
  if (trained_path.empty()) return "";
  if (const Json fingerprint = state.fingerprints.value(key, Json()); fingerprint.is_string()) {
    const std::string now = model_fingerprint(path);
    if (fingerprint == now) return "";
    const std::string was = fingerprint.get<std::string>();
    if (same_path(path, trained_path))
      return fmt::format("with another model in {} {} than it holds now: the fingerprint was {}, is {}", key, path, was, now);
    return fmt::format("with {} {} (fingerprint {}), not {}, which holds another model ({})", key, trained_path, was, path, now);
  }
  if (!same_path(path, trained_path)) {
    log::warning("{} was trained with {} {}, not {}; it does not say, as an earlier version wrote it, whether both hold the same model",
                 checkpoint.string(), key, trained_path, path);
  }
  return "";
}

}  // namespace

std::string model_fingerprint(const fs::path& directory) {
  if (!fs::is_directory(directory)) throw InputError(directory.string(), "", "is no folder: a model directory is needed");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".safetensors" || entry.path().filename() == kModelConfigFile) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return fingerprint_files(files);
}

std::string text_fingerprint(const fs::path& directory, const std::string& prompt_template) {
  std::vector<fs::path> files;
  std::vector<const char*> names = {"added_tokens.json", "tokenizer.json", "tokenizer.model"};
  if (prompt_template == "chat") names.insert(names.end(), {"chat_template.jinja", "tokenizer_config.json"});
  for (const char* name : names) {
    if (fs::is_regular_file(directory / name)) files.push_back(directory / name);
  }
  return fingerprint_files(files);
}

void warn_of_other_pieces(const config::Config& config, const fs::path& checkpoint, const std::string& held_out) {
  for (const fs::path& trained :
       {checkpoint, fs::path(config.llm.path).parent_path() / kLastLink, fs::path(config.music_encoder.path).parent_path() / kLastLink}) {
    if (trained.empty() || !fs::exists(trained / kStateFile)) continue;
    const Json was = TrainerState::read(trained).fingerprints.value(kHeldOutFingerprint, Json());
    if (!was.is_string() || held_out.empty() || was == held_out) continue;
    log::warning("{} was trained beside another test split than the data have now: pieces of this one may have been trained on",
                 trained.string());
  }
}

void adopt(config::Config& config, const fs::path& checkpoint) {
  if (!fs::exists(checkpoint / kStateFile)) return;
  const TrainerState state = TrainerState::read(checkpoint);
  Json values = Json::object();
  for (const auto& [key, value] : recorded(state)) {
    // The run may have been copied to where its models and data lie elsewhere.
    const bool is_path = is_among(kModels, key) || key == kDataDir;
    const bool is_lost = is_path && value.is_string() && !fs::is_directory(value.get<std::string>());
    if (config.assumed.contains(key) && !is_lost) values[key] = value;
  }
  config::assign(config, values, (checkpoint / kStateFile).string());
}

config::Config as_trained(config::Config config, const fs::path& checkpoint) {
  if (!fs::exists(checkpoint / kStateFile)) return config;
  adopt(config, checkpoint);
  const TrainerState state = TrainerState::read(checkpoint);
  const Json values = config::flatten(config);
  std::vector<std::string> objections;
  for (const auto& [key, was] : recorded(state)) {
    if (is_among(kFree, key) || !values.contains(key)) continue;
    if (is_among(kModels, key)) {
      const std::string found = objection(key, values.at(key).get<std::string>(), state, checkpoint);
      if (!found.empty()) objections.push_back(found);
    } else if (sorted(was) != sorted(values.at(key))) {
      objections.push_back(fmt::format("with {} {}, not {}", key, was.dump(), values.at(key).dump()));
    }
  }
  if (const std::string found = objection_to_text(config.llm.path, state); !found.empty()) objections.push_back(found);
  if (objections.empty()) return config;
  throw InputError(checkpoint.string(), "", fmt::format("was trained {}", fmt::join(objections, "; ")));
}

Used use_checkpoint(const config::Config& config, const fs::path& given) {
  const fs::path checkpoint = find_checkpoint(config, given);
  has_adapter(checkpoint);  // fails where it is lost
  return {checkpoint, as_trained(config, checkpoint)};
}

}  // namespace midillama::runs
