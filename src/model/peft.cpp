#include "midillama/model/peft.h"

#include "midillama/config/limits.h"
#include "midillama/model/lora_targets.h"
#include "midillama/runs/files.h"
#include "midillama/shapes/config_reader.h"
#include "midillama/weights/load.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace midillama::model {
using shapes::ConfigReader;
namespace fs = std::filesystem;
namespace {

// What is read, and what changes no number whatever it is: descriptions, where training began, settings of things that are off, and
// fan_in_fan_out, which PEFT takes back for linear layers (dispatch_default). Every other
// key, known or not, must be at its default, which is null, false or empty for all of PEFT 0.21's.
constexpr std::string_view kRead[] = {"peft_type", "bias", "r", "lora_alpha", "lora_dropout", "target_modules", "init_lora_weights"};
constexpr std::string_view kHarmless[] = {
    "fan_in_fan_out", "task_type",    "auto_mapping", "peft_version", "base_model_name_or_path", "revision",       "inference_mode",
    "megatron_core",  "loftq_config", "eva_config",   "corda_config", "lora_ga_config",          "runtime_config", "qalora_group_size"};

// How the adapter began, where the base model is then as it is without one. Others (pissa, olora, corda, loftq, …) take what the adapter
// begins with out of the base model, which PEFT does again when it loads one.
constexpr std::string_view kPlainStarts[] = {"gaussian", "eva", "orthogonal"};

bool is_off(const Json& value) {
  return value.is_null() || value == false || ((value.is_structured() || value.is_string()) && value.empty());
}

void refuse_other_kinds(ConfigReader& reader) {
  for (const auto& [key, value] : reader.json().items()) {
    const auto is_key = [&key = key](std::string_view known) { return known == key; };
    if (is_off(value) || std::ranges::any_of(kRead, is_key) || std::ranges::any_of(kHarmless, is_key)) continue;
    reader.mistake(key, fmt::format("is {}: this kind of adapter is not implemented", ConfigReader::brief(value)));
  }
}

void refuse_other_base_models(ConfigReader& reader) {
  const Json start = reader.json().value("init_lora_weights", Json(true));
  if (start.is_null() || start.is_boolean()) return;
  const auto is_start = [&](std::string_view plain) { return start.is_string() && start.get_ref<const std::string&>() == plain; };
  if (std::ranges::any_of(kPlainStarts, is_start)) return;
  reader.mistake("init_lora_weights",
                 fmt::format("is {}: such an adapter belongs to a base model that is changed when it is loaded, which is not implemented; "
                             "PEFT's save_pretrained(…, path_initial_model_for_weight_conversion=…) makes a plain one of it",
                             ConfigReader::brief(start)));
}

std::vector<std::string> read_targets(ConfigReader& reader) {
  const Json targets = reader.json().value("target_modules", Json());
  if (targets == "all-linear") return all_linear_names();
  const auto is_name = [](const Json& name) { return name.is_string(); };
  if (targets.is_array() && !targets.empty() && std::ranges::all_of(targets, is_name)) return targets.get<std::vector<std::string>>();
  reader.mistake("target_modules",
                 fmt::format("must be a list of layer names or \"all-linear\" (regular expressions are not implemented), is {}",
                             ConfigReader::brief(targets)));
  return {};
}

double read_dropout(ConfigReader& reader) {
  const Json value = reader.json().value("lora_dropout", Json(0.0));
  if (value.is_number() && value.get<double>() >= 0 && value.get<double>() < 1) return value.get<double>();
  reader.mistake("lora_dropout", fmt::format("must be a number from 0 to below 1, is {}", ConfigReader::brief(value)));
  return 0;
}

// Names of PEFT's file → the decoder's adapter parameters.
std::map<std::string, torch::Tensor> adapter_parameters(LlamaImpl& llama) {
  std::map<std::string, torch::Tensor> parameters;
  for (const auto& parameter : llama.named_parameters()) {
    if (parameter.key().find(".lora_") != std::string::npos) parameters.emplace(kPeftPrefix + parameter.key(), parameter.value());
  }
  return parameters;
}

OrderedJson number(double value) {
  return value == std::floor(value) ? OrderedJson(static_cast<std::int64_t>(value)) : OrderedJson(value);
}

}  // namespace

config::Lora read_peft_config(const fs::path& directory) {
  ConfigReader reader(directory / runs::kAdapterConfigFile);
  reader.expect("peft_type", "LORA", "only \"LORA\" adapters are implemented");
  reader.expect("bias", "none", "adapters that train biases are not implemented");
  refuse_other_kinds(reader);
  refuse_other_base_models(reader);
  config::Lora lora;
  lora.rank = reader.size_or("r", 8, 1 << 16);
  lora.alpha = reader.positive_or("lora_alpha", 8);
  if (lora.alpha > config::kLargestFactor)
    reader.mistake("lora_alpha", fmt::format("must be at most {}, is {}", config::kLargestFactor, lora.alpha));
  lora.dropout = read_dropout(reader);
  lora.target_modules = read_targets(reader);
  reader.finish();
  return lora;
}

weights::SafetensorsFile open_peft_weights(LlamaImpl& llama, const fs::path& directory) {
  weights::SafetensorsFile file(directory / runs::kAdapterWeightsFile);
  const auto parameters = adapter_parameters(llama);
  const std::string problems = weights::misfits(file, parameters, "adapter");
  if (!problems.empty()) {
    throw InputError(
        file.path().string(), "",
        fmt::format("the adapter does not fit the model, whose names are spelled like {}:{}", parameters.begin()->first, problems));
  }
  return file;
}

void load_peft_weights(LlamaImpl& llama, const fs::path& directory) {
  const weights::SafetensorsFile file = open_peft_weights(llama, directory);
  for (const auto& [name, parameter] : adapter_parameters(llama)) file.copy_into(name, parameter);
}

void save_peft(LlamaImpl& llama, const config::Lora& lora, const fs::path& directory, const std::string& llm_path) {
  const OrderedJson json = {{"peft_type", "LORA"},
                            {"task_type", "CAUSAL_LM"},
                            {"base_model_name_or_path", llm_path},
                            {"r", lora.rank},
                            {"lora_alpha", number(lora.alpha)},
                            {"lora_dropout", lora.dropout},
                            {"target_modules", lora.target_modules},
                            {"bias", "none"},
                            {"fan_in_fan_out", false},
                            {"use_rslora", false},
                            {"use_dora", false},
                            {"init_lora_weights", true},
                            {"modules_to_save", nullptr},
                            {"inference_mode", true}};
  const auto parameters = adapter_parameters(llama);
  weights::write_safetensors(directory / runs::kAdapterWeightsFile, {parameters.begin(), parameters.end()}, {{"format", "pt"}});
  write_atomically(directory / runs::kAdapterConfigFile, json.dump(2) + "\n");
}

}  // namespace midillama::model
