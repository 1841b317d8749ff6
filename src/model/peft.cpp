#include "midillama/model/peft.h"

#include "midillama/model/lora_targets.h"
#include "midillama/runs/files.h"
#include "midillama/shapes/config_reader.h"
#include "midillama/weights/load.h"

#include <cmath>

namespace midillama::model {
using shapes::ConfigReader;
namespace fs = std::filesystem;
namespace {

// Settings that change what an adapter computes; each must be absent, null, false or empty.
constexpr const char* kRefused[] = {
    "rank_pattern",    "alpha_pattern",      "modules_to_save",   "exclude_modules",         "layers_to_transform",
    "layers_pattern",  "use_rslora",         "use_dora",          "fan_in_fan_out",          "lora_bias",
    "use_qalora",      "layer_replication",  "target_parameters", "trainable_token_indices", "use_bdlora",
    "arrow_config",    "kasa_config",        "velora_config",     "monteclora_config",       "alora_invocation_tokens",
    "megatron_config", "ensure_weight_tying"};

bool is_off(const Json& value) {
  return value.is_null() || value == false || ((value.is_structured() || value.is_string()) && value.empty());
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
  for (const char* key : kRefused) {
    if (reader.has(key) && !is_off(reader.json().at(key))) {
      reader.mistake(key, fmt::format("is {}: this kind of adapter is not implemented", ConfigReader::brief(reader.json().at(key))));
    }
  }
  config::Lora lora;
  lora.rank = reader.size("r", 1 << 16);
  lora.alpha = reader.positive_or("lora_alpha", 8);
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
