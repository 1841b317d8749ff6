#include "midillama/gguf/llama.h"

#include "gguf/rope_factors.h"
#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace midillama::gguf {
namespace {

constexpr std::string_view kArchitecture = "llama";
constexpr const char* kRopeFactors = "rope_freqs.weight";
constexpr const char* kHead = "output.weight";
constexpr std::int64_t kOriginalPositions = 8192;  // of Llama 3, where the file does not say
constexpr std::int64_t kMostLayers = 1024, kLargestSize = 1 << 24;

// Settings of the architecture, every mistake with them kept for one error.
class Settings {
 public:
  explicit Settings(const File& file) : file_(file) {}

  void mistake(const std::string& key, const std::string& what) { mistakes_.push_back(key + ": " + what); }

  // In [1, largest].
  std::int64_t size(const std::string& name, std::optional<std::int64_t> otherwise = std::nullopt, std::int64_t largest = kLargestSize) {
    const auto value = file_.integer(read(name));
    if (!value && otherwise) return *otherwise;
    if (value && *value >= 1 && *value <= largest) return *value;
    mistake(key(name), value ? fmt::format("must be from 1 to {}, is {}", largest, *value) : "is missing");
    return 1;
  }

  // Positive. The shortest decimal that is the file's float32: 1e-05, not 9.999999747378752e-06.
  double number(const std::string& name, std::optional<double> otherwise = std::nullopt) {
    const auto value = file_.number(read(name));
    if (!value && otherwise) return *otherwise;
    if (value && *value > 0 && std::isfinite(*value)) return std::stod(fmt::format("{}", static_cast<float>(*value)));
    mistake(key(name), value ? fmt::format("must be a positive number, is {}", *value) : "is missing");
    return 1;
  }

  // The setting is this where it is there at all.
  void expect_integer(const std::string& name, std::int64_t only, const char* why) {
    const auto value = file_.integer(read(name));
    if (value && *value != only) mistake(key(name), fmt::format("is {}: {}", *value, why));
  }
  void expect_number(const std::string& name, double only, const char* why) {
    const auto value = file_.number(read(name));
    if (value && *value != only) mistake(key(name), fmt::format("is {}: {}", *value, why));
  }
  void expect_flag(const std::string& name, bool only, const char* why) {
    const auto value = file_.flag(read(name));
    if (value && *value != only) mistake(key(name), fmt::format("is {}: {}", *value, why));
  }
  void expect_text(const std::string& name, std::string_view only, const char* why) {
    const auto value = file_.text(read(name));
    if (value && *value != only) mistake(key(name), fmt::format("is {}: {}", *value, why));
  }

  // Whatever it is, the numbers are the same.
  void ignore(const std::string& name) { read(name); }

  // A setting that nobody has asked for may change the numbers.
  void finish() {
    for (const std::string_view key : file_.keys()) {
      if (key.starts_with(fmt::format("{}.", kArchitecture)) && !read_.contains(key)) mistake(std::string(key), "is not implemented");
    }
    if (!mistakes_.empty()) throw InputError(file_.path(), "", fmt::format("{}", fmt::join(mistakes_, "; ")));
  }

  const std::string& read(const std::string& name) { return *read_.insert(key(name)).first; }

  static std::string key(const std::string& name) { return fmt::format("{}.{}", kArchitecture, name); }

 private:
  const File& file_;
  std::set<std::string, std::less<>> read_;  // the keys that were asked for
  std::vector<std::string> mistakes_;
};

void require_whole_llama(const File& file) {
  constexpr const char* kKey = "general.architecture";
  const auto architecture = file.text(kKey);
  if (architecture != kArchitecture) {
    throw InputError(file.path(), kKey,
                     architecture ? fmt::format("is {}; only {} is implemented", *architecture, kArchitecture) : "is missing");
  }
  const std::int64_t parts = file.integer("split.count").value_or(1);
  if (parts > 1) {
    throw InputError(file.path(), "split.count",
                     fmt::format("the file is one of {} parts; llama.cpp's `llama-gguf-split --merge FIRST_PART WHOLE` joins them", parts));
  }
}

std::int64_t vocabulary_of(const File& file) {
  const auto embedding = file.tensors().find("token_embd.weight");
  return embedding == file.tensors().end() ? 1 : embedding->second.rows();
}

void read_rope_factors(const File& file, Settings& settings, shapes::LlamaConfig& config) {
  const auto found = file.tensors().find(kRopeFactors);
  if (found == file.tensors().end()) return;
  const Tensor& tensor = found->second;
  if (tensor.shape != std::vector<std::int64_t>{config.head_dim / 2}) {
    return settings.mistake(kRopeFactors,
                            fmt::format("[{}] in the file, [{}] was expected", fmt::join(tensor.shape, ", "), config.head_dim / 2));
  }
  std::vector<float> factors(static_cast<std::size_t>(tensor.columns()));
  file.read_rows(tensor, 0, factors);
  if (std::ranges::all_of(factors, [](float factor) { return factor == 1; })) return;
  const std::int64_t original = settings.size("rope.scaling.original_context_length", kOriginalPositions);
  config.rope_scaling = scaling_of(factors, original, config.rope_theta, config.head_dim);
  if (!config.rope_scaling) settings.mistake(kRopeFactors, "these factors are not those of Llama 3.1, which are implemented");
}

shapes::LlamaConfig read_config(const File& file) {
  Settings settings(file);
  shapes::LlamaConfig config;
  config.vocab_size = vocabulary_of(file);
  config.hidden_size = settings.size("embedding_length");
  config.intermediate_size = settings.size("feed_forward_length");
  config.num_hidden_layers = settings.size("block_count", std::nullopt, kMostLayers);
  config.num_attention_heads = settings.size("attention.head_count");
  config.num_key_value_heads = settings.size("attention.head_count_kv", config.num_attention_heads);
  config.head_dim = settings.size("attention.key_length", std::max<std::int64_t>(config.hidden_size / config.num_attention_heads, 1));
  config.max_position_embeddings = settings.size("context_length", std::nullopt, std::int64_t{1} << 32);
  config.rms_norm_eps = settings.number("attention.layer_norm_rms_epsilon");
  config.rope_theta = settings.number("rope.freq_base", 10000.0);
  config.tie_word_embeddings = !file.tensors().contains(kHead);
  settings.expect_integer("attention.value_length", config.head_dim, "values of another size than keys are not implemented");
  settings.expect_integer("rope.dimension_count", config.head_dim, "rotating a part of each head is not implemented");
  settings.expect_integer("expert_count", 0, "mixtures of experts are not implemented");
  settings.expect_integer("expert_used_count", 0, "mixtures of experts are not implemented");
  settings.expect_integer("vocab_size", config.vocab_size, "token_embd.weight has another number of rows");
  settings.expect_text("rope.scaling.type", "none", "positions scaled in this way are not implemented");
  for (const char* factor : {"rope.scaling.factor", "rope.scaling.attn_factor", "rope.scale_linear"})
    settings.expect_number(factor, 1, "scaled positions are not implemented");
  settings.expect_flag("attention.causal", true, "attention to later tokens is not implemented");
  for (const char* note : {"tensor_data_layout", "rope.scaling.finetuned", "rope.scaling.original_context_length"}) settings.ignore(note);
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    settings.mistake(Settings::key("attention.head_count_kv"),
                     fmt::format("{} does not divide the {} attention heads", config.num_key_value_heads, config.num_attention_heads));
  }
  if (config.head_dim % 2 != 0)
    settings.mistake(Settings::key("attention.key_length"), fmt::format("must be even, is {}", config.head_dim));
  read_rope_factors(file, settings, config);
  settings.finish();
  return config;
}

// Collects the tensors that a model of the shape has, and what does not fit.
class Matching {
 public:
  Matching(const File& file, const shapes::LlamaConfig& config) : file_(file), config_(config) {}

  std::map<std::string, LlamaTensor> match() {
    const std::int64_t hidden = config_.hidden_size;
    add("token_embd.weight", "model.embed_tokens.weight", {config_.vocab_size, hidden});
    for (std::int64_t i = 0; i < config_.num_hidden_layers; ++i) add_layer(fmt::format("blk.{}.", i), fmt::format("model.layers.{}.", i));
    add("output_norm.weight", "model.norm.weight", {hidden});
    if (!config_.tie_word_embeddings) add(kHead, "lm_head.weight", {config_.vocab_size, hidden});
    for (const auto& [name, tensor] : file_.tensors()) {
      if (!known_.contains(name) && name != kRopeFactors) misfits_ += "\n  unexpected: " + name;
    }
    if (!misfits_.empty()) throw InputError(file_.path(), "", "the tensors do not make the Llama that the settings say:" + misfits_);
    return std::move(tensors_);
  }

 private:
  void add_layer(const std::string& from, const std::string& to) {
    const std::int64_t hidden = config_.hidden_size, wide = config_.intermediate_size;
    const std::int64_t query = config_.num_attention_heads * config_.head_dim, key = config_.num_key_value_heads * config_.head_dim;
    add(from + "attn_norm.weight", to + "input_layernorm.weight", {hidden});
    add(from + "attn_q.weight", to + "self_attn.q_proj.weight", {query, hidden}, config_.head_dim);
    add(from + "attn_k.weight", to + "self_attn.k_proj.weight", {key, hidden}, config_.head_dim);
    add(from + "attn_v.weight", to + "self_attn.v_proj.weight", {key, hidden});
    add(from + "attn_output.weight", to + "self_attn.o_proj.weight", {hidden, query});
    add(from + "ffn_norm.weight", to + "post_attention_layernorm.weight", {hidden});
    add(from + "ffn_gate.weight", to + "mlp.gate_proj.weight", {wide, hidden});
    add(from + "ffn_up.weight", to + "mlp.up_proj.weight", {wide, hidden});
    add(from + "ffn_down.weight", to + "mlp.down_proj.weight", {hidden, wide});
  }

  void add(const std::string& source, const std::string& name, const std::vector<std::int64_t>& shape, std::int64_t head_dim = 0) {
    known_.insert(source);
    const auto found = file_.tensors().find(source);
    if (found == file_.tensors().end()) {
      misfits_ += "\n  missing: " + source;
    } else if (found->second.shape != shape) {
      misfits_ +=
          fmt::format("\n  {}: [{}] in the file, [{}] was expected", source, fmt::join(found->second.shape, ", "), fmt::join(shape, ", "));
    } else {
      tensors_.emplace(name, LlamaTensor{source, found->second, head_dim});
    }
  }

  const File& file_;
  const shapes::LlamaConfig& config_;
  std::map<std::string, LlamaTensor> tensors_;
  std::set<std::string> known_;
  std::string misfits_;
};

// Where in the file a row of Hugging Face's order is.
std::int64_t row_in_file(const LlamaTensor& tensor, std::int64_t row) {
  if (tensor.head_dim == 0) return row;
  const std::int64_t in_head = row % tensor.head_dim, half = tensor.head_dim / 2;
  return row - in_head + in_head % half * 2 + in_head / half;
}

}  // namespace

Llama read_llama(const File& file) {
  require_whole_llama(file);
  const shapes::LlamaConfig config = read_config(file);
  return {config, Matching(file, config).match()};
}

void read_rows(const File& file, const LlamaTensor& tensor, std::int64_t first_row, std::span<float> elements) {
  const auto columns = static_cast<std::size_t>(tensor.tensor.columns());
  for (std::size_t row = 0; row * columns < elements.size(); ++row) {
    file.read_rows(tensor.tensor, row_in_file(tensor, first_row + static_cast<std::int64_t>(row)),
                   elements.subspan(row * columns, columns));
  }
}

}  // namespace midillama::gguf
