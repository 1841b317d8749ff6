#include "midillama/shapes/llama_config.h"

#include "midillama/shapes/config_reader.h"

#include <algorithm>

namespace midillama::shapes {
namespace fs = std::filesystem;
namespace {

// What transformers' LlamaConfig takes where a key is missing.
constexpr std::int64_t kDefaultMaxPositions = 2048;
constexpr double kDefaultRmsNormEps = 1e-6;
constexpr double kDefaultRopeTheta = 10000.0;
constexpr std::int64_t kDefaultBosId = 1;
constexpr std::int64_t kDefaultEosId = 2;
constexpr std::int64_t kMostLayers = 1024;

void read_llama3_scaling(ConfigReader& reader, const Json& rope, const std::string& place, LlamaConfig& config) {
  Llama3RopeScaling scaling;
  for (const auto& [key, value] : {std::pair("factor", &scaling.factor), std::pair("low_freq_factor", &scaling.low_freq_factor),
                                   std::pair("high_freq_factor", &scaling.high_freq_factor)}) {
    if (!rope.contains(key)) reader.mistake(fmt::format("{}.{}", place, key), "is missing");
    *value = reader.positive_or(rope, key, *value, fmt::format("{}.{}", place, key));
  }
  const auto original = reader.positive_or(rope, "original_max_position_embeddings", static_cast<double>(config.max_position_embeddings),
                                           place + ".original_max_position_embeddings");
  scaling.original_max_position_embeddings = static_cast<std::int64_t>(original);
  config.rope_scaling = scaling;
}

void require_whole_rotation(ConfigReader& reader, const Json& json, const std::string& place) {
  const std::string key = "partial_rotary_factor";
  if (reader.positive_or(json, key, 1.0, place + key) != 1.0)
    reader.mistake(place + key, "rotating a part of each head is not implemented");
}

// transformers 4 writes rope_theta and rope_scaling, transformers 5 one object rope_parameters; the first wins where both are there.
void read_rope(ConfigReader& reader, LlamaConfig& config) {
  config.rope_theta = reader.positive_or("rope_theta", kDefaultRopeTheta);
  const auto filled = [&](const char* key) { return reader.has(key) && !reader.json().at(key).empty(); };
  const std::string place = filled("rope_scaling") ? "rope_scaling" : "rope_parameters";
  require_whole_rotation(reader, reader.json(), "");
  if (!filled(place.c_str())) return;
  const Json& rope = reader.json().at(place);
  if (!rope.is_object()) return reader.mistake(place, "must be an object");
  for (const auto& [key, value] : rope.items()) {
    if (value.is_object()) return reader.mistake(fmt::format("{}.{}", place, key), "parameters for each kind of layer are not implemented");
  }
  config.rope_theta = reader.positive_or(rope, "rope_theta", config.rope_theta, place + ".rope_theta");
  const Json type = rope.contains("rope_type") ? rope.at("rope_type") : rope.value("type", Json("default"));
  if (type == "llama3") {
    read_llama3_scaling(reader, rope, place, config);
  } else if (type != "default") {
    reader.mistake(place, fmt::format("the type {} is not implemented; \"default\" and \"llama3\" are", ConfigReader::brief(type)));
  }
  require_whole_rotation(reader, rope, place + ".");
}

void append_ids(ConfigReader& reader, const std::string& key, std::vector<std::int64_t>& ids) {
  if (!reader.has(key)) return;
  const Json& value = reader.json().at(key);
  for (const Json& id : value.is_array() ? value : Json::array({value})) {
    if (!id.is_number_unsigned()) return reader.mistake(key, "must be a token id or a list of token ids");
    if (std::ranges::find(ids, id.get<std::int64_t>()) == ids.end()) ids.push_back(id.get<std::int64_t>());
  }
}

void read_token_ids(ConfigReader& reader, const fs::path& directory, LlamaConfig& config) {
  std::vector<std::int64_t> bos;
  append_ids(reader, "bos_token_id", bos);
  if (!bos.empty()) config.bos_token_id = bos.front();
  if (!reader.json().contains("bos_token_id")) config.bos_token_id = kDefaultBosId;
  append_ids(reader, "eos_token_id", config.eos_token_ids);
  if (!reader.json().contains("eos_token_id")) config.eos_token_ids = {kDefaultEosId};
  const fs::path generation = directory / "generation_config.json";
  if (!fs::exists(generation)) return;
  ConfigReader generation_reader(generation);
  append_ids(generation_reader, "eos_token_id", config.eos_token_ids);
  generation_reader.finish();
}

void check_heads(ConfigReader& reader, const LlamaConfig& config) {
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    reader.mistake("num_key_value_heads",
                   fmt::format("{} does not divide the {} attention heads", config.num_key_value_heads, config.num_attention_heads));
  }
  if (!reader.has("head_dim") && config.hidden_size % config.num_attention_heads != 0) {
    reader.mistake("num_attention_heads", fmt::format("{} does not divide hidden_size {}", config.num_attention_heads, config.hidden_size));
  }
  if (config.head_dim % 2 != 0) reader.mistake("head_dim", fmt::format("must be even, is {}", config.head_dim));
}

OrderedJson rope_json(const Llama3RopeScaling& scaling) {
  return {{"rope_type", "llama3"},
          {"factor", scaling.factor},
          {"low_freq_factor", scaling.low_freq_factor},
          {"high_freq_factor", scaling.high_freq_factor},
          {"original_max_position_embeddings", scaling.original_max_position_embeddings}};
}

}  // namespace

LlamaConfig LlamaConfig::read(const fs::path& directory) {
  ConfigReader reader(directory / "config.json");
  reader.expect("model_type", "llama", "only \"llama\" is implemented");
  LlamaConfig config;
  config.vocab_size = reader.size("vocab_size");
  config.hidden_size = reader.size("hidden_size");
  config.intermediate_size = reader.size("intermediate_size");
  config.num_hidden_layers = reader.size("num_hidden_layers", kMostLayers);
  config.num_attention_heads = reader.size("num_attention_heads");
  config.num_key_value_heads = reader.size_or("num_key_value_heads", config.num_attention_heads);
  config.head_dim = reader.size_or("head_dim", std::max<std::int64_t>(config.hidden_size / config.num_attention_heads, 1));
  config.max_position_embeddings = reader.size_or("max_position_embeddings", kDefaultMaxPositions, std::int64_t{1} << 32);
  config.rms_norm_eps = reader.positive_or("rms_norm_eps", kDefaultRmsNormEps);
  config.tie_word_embeddings = reader.flag_or("tie_word_embeddings", false);
  reader.expect("hidden_act", "silu", "only \"silu\" is implemented");
  reader.expect("attention_bias", false, "attention projections with a bias are not implemented");
  reader.expect("is_causal", true, "only causal attention is implemented");
  if (reader.has("quantization_config"))
    reader.mistake("quantization_config", "quantized weights are not implemented: dequantize them first");
  reader.refuse_null({"hidden_act", "rope_theta", "rms_norm_eps", "max_position_embeddings"});
  if (fs::exists(directory / "adapter_config.json"))
    reader.mistake("adapter_config.json",
                   "lies beside it, and whether the adapter counts is open: merge it into the weights, or move it away");
  reader.expect("mlp_bias", false, "feed-forward layers with a bias are not implemented");
  read_rope(reader, config);
  read_token_ids(reader, directory, config);
  check_heads(reader, config);
  reader.finish();
  return config;
}

void LlamaConfig::write(const fs::path& directory) const {
  OrderedJson json = {{"architectures", {"LlamaForCausalLM"}},
                      {"model_type", "llama"},
                      {"vocab_size", vocab_size},
                      {"hidden_size", hidden_size},
                      {"intermediate_size", intermediate_size},
                      {"num_hidden_layers", num_hidden_layers},
                      {"num_attention_heads", num_attention_heads},
                      {"num_key_value_heads", num_key_value_heads},
                      {"head_dim", head_dim},
                      {"hidden_act", "silu"},
                      {"max_position_embeddings", max_position_embeddings},
                      {"rms_norm_eps", rms_norm_eps},
                      {"rope_theta", rope_theta},
                      {"rope_scaling", rope_scaling ? rope_json(*rope_scaling) : OrderedJson()},
                      {"attention_bias", false},
                      {"mlp_bias", false},
                      {"tie_word_embeddings", tie_word_embeddings}};
  json["bos_token_id"] = bos_token_id ? OrderedJson(*bos_token_id) : OrderedJson();
  json["eos_token_id"] = eos_token_ids.size() == 1 ? OrderedJson(eos_token_ids.front()) : OrderedJson(eos_token_ids);
  if (eos_token_ids.empty()) json["eos_token_id"] = nullptr;
  write_atomically(directory / "config.json", json.dump(2) + "\n");
}

}  // namespace midillama::shapes
