// Reading, overriding, checking and printing a configuration. All mistakes of a file and its overrides come in one ConfigError.
#pragma once

#include "midillama/config/schema.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::config {

// A file of configs/ that is given by a relative path: as it is where it exists, else below a folder that the executable is in, or in its
// share/midillama; unchanged where it is nowhere.
std::filesystem::path find_file(const std::filesystem::path& file);

// The text of a file that says what is to be done. ConfigError where it cannot be read, or is no UTF-8.
std::string read_settings(const std::filesystem::path& file);

// `file` empty: configs/folk/default.yaml, looked up from the working directory, then from the installation prefix.
std::filesystem::path find_config(const std::string& file);

// Reads `file` over the defaults, then applies each `dotted.key=value` of `overrides` (the value is YAML:
// `lora.target_modules=[q_proj,v_proj]`), then validates. An override of `train.<key>` wins over the file's `stages.<stage>.<key>` for
// every stage. Unknown keys, wrong types and values out of range are collected; each names file and line, or the override.
Config load(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});

// A rule of another room about values that mean nothing to this one, as validate() below.
using Rule = std::vector<std::string> (*)(const Config& config);

// What a command takes: load(find_config(file), overrides), with Config::assumed filled in. The default configuration is nobody's choice.
// What breaks one of `rules` is among the mistakes.
Config load_chosen(const std::string& file, const std::vector<std::string>& overrides, std::span<const Rule> rules = {});

// As load, from text; `name` stands for the file in errors.
Config parse(const std::string& yaml, const std::string& name, const std::vector<std::string>& overrides = {});

// The configuration with `train` replaced by the values that hold for `stage`.
Config resolve_stage(const Config& config, const std::string& stage);

// Every mistake in the values, as `key: value — what must hold`; empty where there is none.
std::vector<std::string> validate(const Config& config);

// The whole configuration as YAML that load() reads back to the same values.
std::string dump(const Config& config);

// <run.dir>/<stage>
std::filesystem::path stage_dir(const Config& config, const std::string& stage);

}  // namespace midillama::config
