// Published MusicBERT checkpoints: fairseq's, and those of the Hugging Face port musicbert_hf.
#include "midillama/tools/convert_musicbert.h"

#include "midillama/core/directory.h"
#include "midillama/core/file.h"
#include "midillama/core/log.h"
#include "midillama/octuple/vocabulary.h"
#include "midillama/weights/finite.h"
#include "midillama/weights/load.h"
#include "midillama/weights/torch_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <deque>
#include <optional>
#include <set>
#include <string_view>

namespace midillama::tools {
namespace fs = std::filesystem;
namespace {

using weights::PickleValue;

constexpr std::int64_t kHeadSize = 64;    // of every MusicBERT that was published
constexpr std::int64_t kLeftOutRows = 2;  // fairseq's positions begin with row 2
constexpr const char* kHeadsKey = "encoder_attention_heads";
constexpr const char* kLayersKey = "encoder_layers";
constexpr const char* kActivationKey = "activation_fn";
constexpr std::string_view kActivation = "gelu";

// fairseq's names of the encoder, as trained, as in old files, and without a head around it.
constexpr auto kPrefixes =
    std::to_array<std::string_view>({"encoder.sentence_encoder.", "decoder.sentence_encoder.", "sentence_encoder.", "bert."});

// Heads of pre-training and of other tasks, and tensors of the port that it never uses.
constexpr auto kLeftOut =
    std::to_array<std::string_view>({"encoder.lm_head.", "decoder.lm_head.", "lm_head.", "cls.", "classifier.", "classification_heads.",
                                     "embeddings.token_type_embeddings.", "embeddings.position_ids", "embeddings.token_type_ids"});

constexpr std::string_view kPortLayer = "encoder.layer.";

// Beginnings of the port's names, and what they are in fairseq's.
struct Renamed {
  std::string_view from, to;
};
constexpr auto kOutsideLayers = std::to_array<Renamed>({{"embeddings.word_embeddings.", "embed_tokens."},
                                                        {"embeddings.position_embeddings.", "embed_positions."},
                                                        {"embeddings.LayerNorm.", "emb_layer_norm."},
                                                        {"embeddings.downsampling.", "downsampling."},
                                                        {"embeddings.upsampling.", "upsampling."}});
constexpr auto kInsideLayers = std::to_array<Renamed>({{"attention.self.query.", "self_attn.q_proj."},
                                                       {"attention.self.key.", "self_attn.k_proj."},
                                                       {"attention.self.value.", "self_attn.v_proj."},
                                                       {"attention.output.dense.", "self_attn.out_proj."},
                                                       {"attention.output.LayerNorm.", "self_attn_layer_norm."},
                                                       {"intermediate.dense.", "fc1."},
                                                       {"output.dense.", "fc2."},
                                                       {"output.LayerNorm.", "final_layer_norm."}});

template <std::size_t N>
std::string renamed(std::string_view name, const std::array<Renamed, N>& table) {
  for (const auto& [from, to] : table) {
    if (name.starts_with(from)) return fmt::format("{}{}", to, name.substr(from.size()));
  }
  return std::string(name);
}

// Our name of a tensor; nothing for one that is left out.
std::optional<std::string> our_name(std::string_view name) {
  for (const std::string_view prefix : kPrefixes) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    break;
  }
  for (const std::string_view left_out : kLeftOut) {
    if (name.starts_with(left_out)) return std::nullopt;
  }
  if (!name.starts_with(kPortLayer)) return renamed(name, kOutsideLayers);
  name.remove_prefix(kPortLayer.size());
  const std::size_t number = std::min(name.find('.'), name.size() - 1) + 1;
  return fmt::format("layers.{}{}", name.substr(0, number), renamed(name.substr(number), kInsideLayers));
}

// What a checkpoint says: its tensors by our names, and those settings that the tensors do not show.
struct Source {
  weights::TensorMap tensors;
  std::vector<std::string> left_out;
  std::optional<std::int64_t> heads;
  std::optional<std::int64_t> layers;
  std::optional<std::string> activation;
  bool is_port = false;
  bool positions_from_zero = false;  // the port's positions may begin with row 0

  void add(const fs::path& file, const std::string& name, const std::function<torch::Tensor()>& tensor) {
    const auto ours = our_name(name);
    is_port = is_port || name.find(kPortLayer) != std::string::npos;
    if (!ours) {
      left_out.push_back(name);
    } else if (!tensors.emplace(*ours, tensor()).second) {
      throw InputError(file.string(), name, fmt::format("is the second tensor that would be {}", *ours));
    }
  }
};

// A setting's value is bare, or in the `_val` of an omegaconf node.
template <typename T>
const T* setting_as(const PickleValue* value) {
  if (const auto* held = value->get<T>()) return held;
  const auto* node = value->get<weights::PickleOpaque>();
  if (node == nullptr) return nullptr;
  for (const PickleValue* part : node->parts) {
    const PickleValue* held = weights::find(*part, "_val");
    if (held != nullptr && held->get<T>() != nullptr) return held->get<T>();
  }
  return nullptr;
}

// The first T called `key` in a dict or in the attributes of an object, nearest to `root` first; nullptr where there is none.
template <typename T>
const T* find_setting(const PickleValue& root, std::string_view key) {
  std::deque<const PickleValue*> open = {&root};
  std::set<const PickleValue*> seen = {&root};
  const auto add = [&](const PickleValue* value) {
    if (seen.insert(value).second) open.push_back(value);
  };
  for (; !open.empty(); open.pop_front()) {
    const PickleValue& value = *open.front();
    const PickleValue* found = weights::find(value, key);
    const auto* setting = found == nullptr ? nullptr : setting_as<T>(found);
    if (setting != nullptr) return setting;
    if (const auto* dict = value.get<weights::PickleDict>()) {
      for (const auto& entry : dict->entries) add(entry.second);
    } else if (const auto* sequence = value.get<weights::PickleSequence>()) {
      std::ranges::for_each(sequence->items, add);
    } else if (const auto* opaque = value.get<weights::PickleOpaque>()) {
      std::ranges::for_each(opaque->parts, add);
    }
  }
  return nullptr;
}

void read_settings(const PickleValue& root, Source& source) {
  if (const auto* heads = find_setting<std::int64_t>(root, kHeadsKey); heads != nullptr && !source.heads) source.heads = *heads;
  if (const auto* layers = find_setting<std::int64_t>(root, kLayersKey); layers != nullptr && !source.layers) source.layers = *layers;
  const auto* activation = find_setting<weights::PickleText>(root, kActivationKey);
  if (activation != nullptr && !source.activation) source.activation = activation->text;
}

Source read_torch_file(const fs::path& path) {
  const weights::TorchFile file(path);
  const PickleValue* model = weights::find(file.root(), "model");
  const auto* state = (model == nullptr ? file.root() : *model).get<weights::PickleDict>();
  if (state == nullptr) throw InputError(path.string(), "", "holds no tensors by name: a fairseq checkpoint has them under \"model\"");
  Source source;
  for (const auto& [key, value] : state->entries) {
    const auto* name = key->get<weights::PickleText>();
    const auto* tensor = value->get<weights::PickleTensor>();
    if (name == nullptr || tensor == nullptr) {
      throw InputError(path.string(), name == nullptr ? "model" : std::string(name->text), "is no tensor with a name");
    }
    source.add(path, std::string(name->text), [&] { return file.tensor(*tensor); });
  }
  for (const char* settings : {"args", "cfg"}) {
    const PickleValue* value = weights::find(file.root(), settings);
    if (value != nullptr) read_settings(*value, source);
  }
  return source;
}

Source read_safetensors(const fs::path& path) {
  const weights::SafetensorsFile file(path);
  Source source;
  for (const auto& entry : file.tensors()) source.add(path, entry.first, [&] { return file.tensor(entry.first); });
  return source;
}

// What the port's config.json beside the weights says.
void read_port_config(const fs::path& path, Source& source) {
  if (!source.is_port || !fs::exists(path)) return;
  const Json config = read_json(path);
  const auto text = path.string();
  if (config.contains("num_attention_heads")) source.heads = json_get<std::int64_t>(config, "num_attention_heads", text, "");
  if (config.contains("num_hidden_layers")) source.layers = json_get<std::int64_t>(config, "num_hidden_layers", text, "");
  if (config.contains("hidden_act")) source.activation = json_get<std::string>(config, "hidden_act", text, "");
  if (config.contains("fairseq_position_embeddings")) {
    source.positions_from_zero = !json_get<bool>(config, "fairseq_position_embeddings", text, "");
  }
}

std::int64_t size_of(const weights::TensorMap& tensors, const std::string& name, std::int64_t axis, std::int64_t otherwise) {
  const auto found = tensors.find(name);
  return found != tensors.end() && found->second.dim() > axis ? found->second.size(axis) : otherwise;
}

// A tensor that the sizes are told from may be missing: the comparison with the model lists it then.
model::MusicBertConfig config_of(const Source& source, const fs::path& path) {
  const weights::TensorMap& tensors = source.tensors;
  model::MusicBertConfig config;
  config.vocab_size = size_of(tensors, "embed_tokens.weight", 0, config.vocab_size);
  config.hidden_size = size_of(tensors, "embed_tokens.weight", 1, 0);
  if (config.hidden_size < 1) throw InputError(path.string(), "", "holds no MusicBERT: there is no token embedding (embed_tokens.weight)");
  if (config.vocab_size != octuple::kVocabularySize) {
    throw InputError(
        path.string(), "embed_tokens.weight",
        fmt::format("has {} rows; the OctupleMIDI dictionary of MusicBERT has {}", config.vocab_size, octuple::kVocabularySize));
  }
  config.num_hidden_layers = 0;
  while (tensors.contains(fmt::format("layers.{}.fc1.weight", config.num_hidden_layers))) ++config.num_hidden_layers;
  if (source.layers.value_or(config.num_hidden_layers) != config.num_hidden_layers) {
    throw InputError(path.string(), kLayersKey,
                     fmt::format("is {}, but there are tensors of {} layers: the file is cut", *source.layers, config.num_hidden_layers));
  }
  if (source.activation.value_or(std::string(kActivation)) != kActivation) {
    throw InputError(path.string(), kActivationKey, fmt::format("\"{}\" is not supported, \"{}\" is", *source.activation, kActivation));
  }
  config.intermediate_size = size_of(tensors, "layers.0.fc1.weight", 0, config.intermediate_size);
  config.max_position_embeddings = size_of(tensors, "embed_positions.weight", 0, config.max_position_embeddings);
  config.num_attention_heads = source.heads.value_or(config.hidden_size / kHeadSize);
  if (config.num_attention_heads < 1 || config.hidden_size % config.num_attention_heads != 0) {
    throw InputError(path.string(), kHeadsKey,
                     source.heads ? fmt::format("{} does not divide the hidden size {}", *source.heads, config.hidden_size)
                                  : fmt::format("is not in the file, and heads of size {} do not divide the hidden size {}", kHeadSize,
                                                config.hidden_size));
  }
  return config;
}

void check(const weights::TensorMap& tensors, const model::MusicBertConfig& config, const fs::path& path) {
  const model::MusicBert model(config, torch::TensorOptions().device(torch::kMeta));
  const weights::LoadReport report = weights::check_weights(*model, tensors);
  if (!report.complete()) throw InputError(path.string(), "", "the tensors do not make a MusicBERT:" + report.describe());
  for (const auto& [name, tensor] : tensors) {
    if (!weights::is_finite(tensor)) throw weights::not_finite(path, name);
  }
}

}  // namespace

ConvertedMusicBert convert_musicbert(const fs::path& checkpoint, const fs::path& directory) {
  require_new_directory(directory);
  Source source = checkpoint.extension() == ".safetensors" ? read_safetensors(checkpoint) : read_torch_file(checkpoint);
  read_port_config(checkpoint.parent_path() / "config.json", source);
  const auto positions = source.tensors.find("embed_positions.weight");
  if (source.positions_from_zero && positions != source.tensors.end() && positions->second.dim() == 2) {
    const torch::Tensor& table = positions->second;
    positions->second = at::cat({at::zeros({kLeftOutRows, table.size(1)}, table.options()), table});
  }
  const model::MusicBertConfig config = config_of(source, checkpoint);
  check(source.tensors, config, checkpoint);
  if (!source.left_out.empty())
    log::info("{}: left out, for the encoder has no use for them: {}", checkpoint.string(), fmt::join(source.left_out, ", "));
  if (!source.heads) {
    log::info("{}: the file does not say how many attention heads there are; {} of size {}, as in every published MusicBERT",
              checkpoint.string(), config.num_attention_heads, kHeadSize);
  }
  write_new_directory(directory, [&](const fs::path& unfinished) {
    config.write(unfinished);
    weights::write_safetensors(unfinished / "model.safetensors", source.tensors, {{"format", "pt"}});
  });
  return {config, source.tensors.size(), source.left_out.size()};
}

}  // namespace midillama::tools
