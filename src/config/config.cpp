#include "midillama/config/config.h"

#include "midillama/config/flatten.h"
#include "midillama/config/yaml_reader.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/process.h"
#include "midillama/core/utf8_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

namespace midillama::config {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultConfig = "configs/folk/default.yaml";
constexpr std::size_t kLongestText = 1 << 20;  // bytes of a configuration
constexpr std::size_t kLongestKey = 200;       // of an override; every part of it is a section in memory
constexpr std::size_t kShownOverride = 100;    // bytes of an override that an error repeats

Config defaults() {
  Config config;
  for (const std::string& stage : stage_names()) config.stages[stage] = config.train;
  return config;
}

// A stage's values are the file's `train`, overridden by its `stages.<stage>`.
void read_file(const YAML::Node& root, const std::string& name, Config& config, std::vector<std::string>& mistakes,
               std::set<std::string>& chosen) {
  YamlReader reader(name, mistakes, &chosen);
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

// What the command line gives is a text as it is ("my data #2", "x: y"), unless it begins as a YAML list, section or quoted text does.
YAML::Node override_value(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos || text == "null") return YAML::Node(YAML::NodeType::Null);
  if (std::string_view("[{\"'").find(text[begin]) != std::string_view::npos) return YAML::Load(text);
  return YAML::Node(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

std::string shortened(const std::string& text) {
  return text.size() <= kShownOverride ? text : text.substr(0, kShownOverride) + "…";
}

void apply_override(const std::string& text, Config& config, std::vector<std::string>& mistakes, std::set<std::string>& chosen) {
  const std::string origin = "--set " + shortened(text);
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    mistakes.push_back(origin + ": give it as dotted.key=value");
    return;
  }
  if (equals > kLongestKey) {
    mistakes.push_back(fmt::format("{}: no key is longer than {} letters", origin, kLongestKey));
    return;
  }
  try {
    const YAML::Node root = nested(text.substr(0, equals), override_value(text.substr(equals + 1)));
    YamlReader(origin, mistakes, &chosen).read(root, "", config);
    if (const YAML::Node train = root["train"]) {
      std::vector<std::string> ignored;  // reported for config.train
      for (auto& [stage, values] : config.stages) YamlReader(origin, ignored).read(train, "train", values);
    }
  } catch (const YAML::Exception& error) {
    mistakes.push_back(fmt::format("{}: the value is not valid YAML ({})", origin, error.msg));
  }
}

// A configuration, and the keys that its file and its overrides name.
struct Loaded {
  Config config;
  struct {
    std::set<std::string> by_file, by_overrides;
  } chosen;
};

Loaded parse_text(const std::string& yaml, const std::string& name, const std::vector<std::string>& overrides,
                  std::span<const Rule> rules = {}) {
  Loaded loaded;
  Config& config = loaded.config = defaults();
  std::vector<std::string> mistakes;
  if (yaml.size() > kLongestText) throw ConfigError({fmt::format("{}: is longer than {} bytes: no configuration is", name, kLongestText)});
  try {
    read_file(load_document(yaml), name, config, mistakes, loaded.chosen.by_file);
  } catch (const YAML::Exception& error) {
    throw ConfigError({fmt::format("{}: line {}: not valid YAML ({})", name, error.mark.line + 1, error.msg)});
  }
  for (const std::string& text : overrides) apply_override(text, config, mistakes, loaded.chosen.by_overrides);
  const auto check = [&](const Rule rule) {
    for (std::string& mistake : rule(config)) mistakes.push_back(std::move(mistake));
  };
  check(validate);
  std::ranges::for_each(rules, check);
  if (!mistakes.empty()) throw ConfigError(std::move(mistakes));
  return loaded;
}

Loaded load_file(const fs::path& file, const std::vector<std::string>& overrides, std::span<const Rule> rules = {}) {
  return parse_text(read_settings(file), file.string(), overrides, rules);
}

}  // namespace

fs::path find_file(const fs::path& file) {
  if (fs::exists(file) || file.is_absolute()) return file;
  for (auto folder = own_program().parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    for (const auto& found : {folder / "share/midillama" / file, folder / file}) {
      if (fs::exists(found)) return found;
    }
  }
  return file;
}

std::string read_settings(const fs::path& file) {
  try {
    return read_utf8(file);
  } catch (const InputError& error) {
    throw ConfigError({error.what()});
  }
}

fs::path find_config(const std::string& file) {
  if (!file.empty()) return file;
  const auto found = find_file(kDefaultConfig);
  if (fs::exists(found)) return found;
  throw UsageError(
      fmt::format("no configuration given and none at {} or where this program is installed: give one with --config FILE", kDefaultConfig));
}

Config load_chosen(const std::string& file, const std::vector<std::string>& overrides, std::span<const Rule> rules) {
  Loaded loaded = load_file(find_config(file), overrides, rules);
  auto& chosen = loaded.chosen.by_overrides;
  if (!file.empty()) chosen.merge(loaded.chosen.by_file);
  const Json values = flatten(loaded.config);
  for (const auto& [key, value] : values.items()) {
    if (!chosen.contains(key)) loaded.config.assumed.insert(key);
  }
  return std::move(loaded.config);
}

Config parse(const std::string& yaml, const std::string& name, const std::vector<std::string>& overrides) {
  return parse_text(yaml, name, overrides).config;
}

Config load(const fs::path& file, const std::vector<std::string>& overrides) {
  return load_file(file, overrides).config;
}

Config resolve_stage(const Config& config, const std::string& stage) {
  const auto found = config.stages.find(stage);
  if (found == config.stages.end()) {
    throw UsageError(fmt::format("unknown stage \"{}\": there are {}", stage, fmt::join(stage_names(), ", ")));
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
