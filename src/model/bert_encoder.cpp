#include "midillama/model/bert_encoder.h"

#include "midillama/core/file.h"
#include "midillama/weights/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midillama::model {
namespace {

// Hugging Face's names within a block, and EncoderLayer's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kBlockNames = {
    {{"attention.self.query.", "self_attn.q_proj."},
     {"attention.self.key.", "self_attn.k_proj."},
     {"attention.self.value.", "self_attn.v_proj."},
     {"attention.output.dense.", "self_attn.out_proj."},
     {"attention.output.LayerNorm.", "self_attn_layer_norm."},
     {"intermediate.dense.", "fc1."},
     {"output.dense.", "fc2."},
     {"output.LayerNorm.", "final_layer_norm."}}};

constexpr std::pair<std::string_view, BertConfig::Family> kFamilies[] = {{"bert", BertConfig::Family::bert},
                                                                         {"roberta", BertConfig::Family::roberta}};
constexpr std::pair<std::string_view, Gelu> kGelus[] = {
    {"gelu", Gelu::exact}, {"gelu_new", Gelu::tanh}, {"gelu_pytorch_tanh", Gelu::tanh}, {"gelu_fast", Gelu::tanh}};

bool take(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

// "3.output.dense.weight" -> "layers.3.fc2.weight"; nothing for a block that is not used.
std::optional<std::string> block_name(std::string_view name, std::int64_t layers) {
  std::int64_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  auto rest = name.substr(static_cast<std::size_t>(end - name.data()));
  if (error != std::errc() || !take(rest, ".")) return "encoder.layer." + std::string(name);
  if (index >= layers) return std::nullopt;
  for (const auto& [theirs, ours] : kBlockNames) {
    if (take(rest, theirs)) return fmt::format("layers.{}.{}{}", index, ours, rest);
  }
  return "encoder.layer." + std::string(name);
}

// The module's name of a checkpoint tensor; nothing for heads and unused blocks. An unknown name stays as it is and is reported.
std::optional<std::string> module_name(const std::string& checkpoint_name, std::int64_t layers) {
  std::string_view name = checkpoint_name;
  if (!take(name, "roberta.")) take(name, "bert.");
  for (const std::string_view head : {"lm_head.", "cls.", "pooler.", "classifier.", "embeddings.position_ids"}) {
    if (name.starts_with(head)) return std::nullopt;
  }
  if (take(name, "encoder.layer.")) return block_name(name, layers);
  if (take(name, "embeddings.LayerNorm.")) return fmt::format("layer_norm.{}", name);
  take(name, "embeddings.");
  return std::string(name);
}

}  // namespace

BertConfig BertConfig::read(const std::filesystem::path& directory) {
  const auto path = directory / "config.json";
  const auto json = read_json(path);
  const auto named = [&](const char* key, const auto& values) {
    const auto name = json_get<std::string>(json, key, path.string(), "");
    const auto row = std::ranges::find(values, name, [](const auto& value) { return value.first; });
    if (row != std::end(values)) return row->second;
    std::vector<std::string_view> names;
    for (const auto& value : values) names.push_back(value.first);
    throw InputError(path.string(), key,
                     fmt::format("\"{}\" is not supported: BERTScore is computed with a BERT or RoBERTa encoder, {} is expected here", name,
                                 fmt::join(names, " or ")));
  };
  const auto size = [&](const char* key, std::int64_t smallest = 1) {
    const auto value = json_get<std::int64_t>(json, key, path.string(), "");
    if (value < smallest || value > (1 << 24)) throw InputError(path.string(), key, fmt::format("{} is out of range", value));
    return value;
  };
  if (json.contains("position_embedding_type") && json["position_embedding_type"] != "absolute") {
    throw InputError(path.string(), "position_embedding_type", "\"absolute\" is expected");
  }
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    if (json.contains(key) && json[key] != false) throw InputError(path.string(), key, "an encoder, in which it is false, is expected");
  }
  BertConfig config{.family = named("model_type", kFamilies),
                    .vocab_size = size("vocab_size"),
                    .hidden_size = size("hidden_size"),
                    .num_hidden_layers = size("num_hidden_layers"),
                    .num_attention_heads = size("num_attention_heads"),
                    .intermediate_size = size("intermediate_size"),
                    .max_position_embeddings = size("max_position_embeddings"),
                    .type_vocab_size = size("type_vocab_size"),
                    .pad_token_id = size("pad_token_id", 0),
                    .layer_norm_eps = json_get<double>(json, "layer_norm_eps", path.string(), ""),
                    .gelu = named("hidden_act", kGelus)};
  if (config.hidden_size % config.num_attention_heads != 0) {
    throw InputError(path.string(), "num_attention_heads",
                     fmt::format("{} does not divide hidden_size {}", config.num_attention_heads, config.hidden_size));
  }
  if (config.longest() < 3)
    throw InputError(path.string(), "max_position_embeddings", "leaves no room for a token between those that begin and end a text");
  return config;
}

BertEncoderImpl::BertEncoderImpl(const BertConfig& config, std::int64_t count, const torch::TensorOptions& options) : config(config) {
  const auto size = config.hidden_size;
  word_embeddings = register_module("word_embeddings", Embedding(config.vocab_size, size, options));
  position_embeddings = register_module("position_embeddings", Embedding(config.max_position_embeddings, size, options));
  token_type_embeddings = register_module("token_type_embeddings", Embedding(config.type_vocab_size, size, options));
  layer_norm = register_module("layer_norm", LayerNorm(size, config.layer_norm_eps, options));
  const auto list = register_module("layers", std::make_shared<torch::nn::Module>());
  for (std::int64_t i = 0; i < count; ++i) {
    layers.push_back(list->register_module(std::to_string(i), EncoderLayer(size, config.num_attention_heads, config.intermediate_size,
                                                                           config.layer_norm_eps, /*dropout=*/0, options)));
    layers.back()->gelu = config.gelu;
  }
}

torch::Tensor BertEncoderImpl::forward(const torch::Tensor& ids) {
  const auto real = ids != config.pad_token_id;
  const auto positions = (real.cumsum(1) - 1 + config.first_position()).clamp_min(0);
  auto x = layer_norm->forward(word_embeddings->forward(ids) + position_embeddings->forward(positions) + token_type_embeddings->weight[0]);
  const auto mask = real.unsqueeze(1).unsqueeze(1);
  for (auto& layer : layers) x = layer->forward(x, mask);
  return x;
}

BertConfig check_bert_encoder(const std::filesystem::path& directory, std::int64_t layers) {
  const auto config = BertConfig::read(directory);
  if (layers > config.num_hidden_layers) {
    throw ConfigError(
        {fmt::format("eval.bertscore.layer: {}: the model in {} has {} layers", layers, directory.string(), config.num_hidden_layers)});
  }
  weights::require_weights(*BertEncoder(config, layers, torch::TensorOptions().device(torch::kMeta)), weights::Checkpoint(directory),
                           [layers](const std::string& name) { return module_name(name, layers); });
  return config;
}

BertEncoder load_bert_encoder(const std::filesystem::path& directory, std::int64_t layers, torch::Device device) {
  const auto config = check_bert_encoder(directory, layers);
  const weights::Checkpoint checkpoint(directory);
  const auto name_of = [layers](const std::string& name) { return module_name(name, layers); };
  BertEncoder encoder(config, layers, torch::TensorOptions().device(device).dtype(torch::kFloat32));
  weights::load_weights(*encoder, checkpoint, name_of);
  encoder->eval();
  for (auto& parameter : encoder->parameters()) parameter.set_requires_grad(false);
  return encoder;
}

}  // namespace midillama::model
