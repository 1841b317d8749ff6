#include "midillama/config/config.h"

#include "midillama/config/yaml_reader.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <fmt/format.h>

namespace midillama::config {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultConfig = "configs/folk/default.yaml";

Config defaults() {
  Config config;
  for (const std::string& stage : stage_names()) config.stages[stage] = config.train;
  return config;
}

// A stage's values are the file's `train`, overridden by its `stages.<stage>`.
void read_file(const YAML::Node& root, const std::string& name, Config& config, std::vector<std::string>& mistakes) {
  YamlReader reader(name, mistakes);
  if (root.IsMap()) {
    if (const YAML::Node train = root["train"]) {
      std::vector<std::string> ignored;  // the same mistakes are found once more below
      YamlReader(name, ignored).read(train, "train", config.train);
      for (auto& [stage, values] : config.stages) values = config.train;
    }
  }
  reader.read(root, "", config);
}

YAML::Node nested(const std::string& dotted_key, const YAML::Node& value) {
  const std::size_t dot = dotted_key.rfind('.');
  YAML::Node map;
  map[dot == std::string::npos ? dotted_key : dotted_key.substr(dot + 1)] = value;
  return dot == std::string::npos ? map : nested(dotted_key.substr(0, dot), map);
}

void apply_override(const std::string& text, Config& config, std::vector<std::string>& mistakes) {
  const std::string origin = "--set " + text;
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    mistakes.push_back(origin + ": give it as dotted.key=value");
    return;
  }
  try {
    const YAML::Node root = nested(text.substr(0, equals), YAML::Load(text.substr(equals + 1)));
    YamlReader(origin, mistakes).read(root, "", config);
    if (const YAML::Node train = root["train"]) {
      std::vector<std::string> ignored;  // reported for config.train
      for (auto& [stage, values] : config.stages) YamlReader(origin, ignored).read(train, "train", values);
    }
  } catch (const YAML::Exception& error) {
    mistakes.push_back(fmt::format("{}: the value is not valid YAML ({})", origin, error.msg));
  }
}

}  // namespace

fs::path find_file(const fs::path& file) {
  if (fs::exists(file) || file.is_absolute()) return file;
  std::error_code ignored;
  for (auto folder = fs::read_symlink("/proc/self/exe", ignored).parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    for (const auto& found : {folder / "share/midillama" / file, folder / file}) {
      if (fs::exists(found)) return found;
    }
  }
  return file;
}

fs::path find_config(const std::string& file) {
  if (!file.empty()) return file;
  const auto found = find_file(kDefaultConfig);
  if (fs::exists(found)) return found;
  throw UsageError(
      fmt::format("no configuration given and none at {} or where this program is installed: give one with --config FILE", kDefaultConfig));
}

Config parse(const std::string& yaml, const std::string& name, const std::vector<std::string>& overrides) {
  Config config = defaults();
  std::vector<std::string> mistakes;
  try {
    read_file(YAML::Load(yaml), name, config, mistakes);
  } catch (const YAML::Exception& error) {
    throw ConfigError({fmt::format("{}: line {}: not valid YAML ({})", name, error.mark.line + 1, error.msg)});
  }
  for (const std::string& text : overrides) apply_override(text, config, mistakes);
  for (std::string& mistake : validate(config)) mistakes.push_back(std::move(mistake));
  if (!mistakes.empty()) throw ConfigError(std::move(mistakes));
  return config;
}

Config load(const fs::path& file, const std::vector<std::string>& overrides) {
  std::string text;
  try {
    text = read_text(file);
  } catch (const InputError& error) {
    throw ConfigError({error.what()});
  }
  return parse(text, file.string(), overrides);
}

Config resolve_stage(const Config& config, const std::string& stage) {
  const auto found = config.stages.find(stage);
  if (found == config.stages.end()) {
    throw UsageError(fmt::format("unknown stage \"{}\": give pretrain-encoder, pretrain-llm, align or sft", stage));
  }
  Config resolved = config;
  resolved.train = found->second;
  return resolved;
}

std::string dump(const Config& config) {
  YamlWriter writer;
  writer.write(config);
  return writer.text();
}

fs::path stage_dir(const Config& config, const std::string& stage) {
  return fs::path(config.run.dir) / stage;
}

}  // namespace midillama::config
